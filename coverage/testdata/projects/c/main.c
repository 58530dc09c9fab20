#include <stdio.h>
#include "clamp.h"

int scale(int n, int factor);

int main(void)
{
    int n = clamp(-7, 0, 10);
    for (int i = 0; i < 3; i++)
        n += scale(i, 2);
    if (n < 0)
        return 1;
    printf("%d\n", n);
    return 0;
}
