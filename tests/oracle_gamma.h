/* Oracles of the error function, the gamma function and their kin. Part of math_oracle.h. */
#ifndef TESTS_ORACLE_GAMMA_H
#define TESTS_ORACLE_GAMMA_H

#define ORACLES_GAMMA
#define SPECIALS_GAMMA
#define SPECIALS2_GAMMA
#define WORST_GAMMA

#endif
