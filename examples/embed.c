#include <sinter/sinter.h>
#include <stdio.h>

int main(void)
{
    static const char text[] = "0.5*x + 1";
    sinter_context *context;
    sinter_kernel *kernel;
    sinter_report report;
    if (sinter_open(NULL, &context) != SINTER_OK)
        return 1;
    if (sinter_compile(context, text, sizeof text - 1, NULL, &kernel, &report) != SINTER_OK)
        return fprintf(stderr, "%s\n", report.errors[0].message), 1;

    float in[] = {0, 1, 2, 3}, out[4];
    /* NULL where only the interpreter runs */
    float (*f)(float) = (float (*)(float))sinter_kernel_function(kernel, NULL);
    for (int i = 0; f && i < 4; i++)
        printf("%g ", f(in[i]));
    sinter_run(kernel, &(sinter_arguments){(const void *[]){in}, (void *[]){out}, .count = 4});
    printf("| %g %g %g %g\n", out[0], out[1], out[2], out[3]); /* 1 1.5 2 2.5 | 1 1.5 2 2.5 */
    sinter_kernel_close(kernel);
    sinter_close(context);
}
