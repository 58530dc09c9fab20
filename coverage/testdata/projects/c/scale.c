#include "clamp.h"

int scale(int n, int factor)
{
    if (factor == 0)
        return 0;
    return clamp(n * factor, 0, 100);
}

int never(int n)
{
    int twice = 2 * n;
    return twice;
}
