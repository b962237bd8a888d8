/*
 * cc.h - what lwIP wants to know of the compiler and the processor. Included by lwIP.
 */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stddef.h>
#include <stdint.h>

uint32_t port_lwip_random(void);
#define LWIP_RAND() port_lwip_random()
#define LWIP_PLATFORM_DIAG(x) \
    do { \
    } while (0)
#define LWIP_PLATFORM_ASSERT(x) \
    do { \
    } while (0)

#endif
