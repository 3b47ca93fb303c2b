/* Oracles of the hyperbolic functions and their inverses. Part of math_oracle.h. */
#ifndef TESTS_ORACLE_HYPERBOLIC_H
#define TESTS_ORACLE_HYPERBOLIC_H

#define ORACLES_HYPERBOLIC
#define SPECIALS_HYPERBOLIC
#define SPECIALS2_HYPERBOLIC
#define WORST_HYPERBOLIC

#endif
