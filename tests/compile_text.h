/* A text that has to compile. */
#ifndef TESTS_COMPILE_TEXT_H
#define TESTS_COMPILE_TEXT_H

#include <sinter/sinter.h>
#include <string.h>

static sinter_kernel *compile(sinter_context *in, const char *text, const sinter_options *options)
{
    sinter_report report;
    sinter_kernel *kernel;
    if (sinter_compile(in, text, strlen(text), options, &kernel, &report))
        fail_msg("%s: %s", text, report.errors[0].message);
    return kernel;
}

#endif
