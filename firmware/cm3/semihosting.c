/*
 * semihosting.c - semihosting.h by BKPT 0xAB: the operation in r0, the address of its arguments in
 * r1, the answer in r0. Where nobody serves it fault.c answers -1.
 */
#include "semihosting.h"

#include <string.h>

enum operation {
    SYS_OPEN = 0x01,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0A,
    SYS_FLEN = 0x0C,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
    SYS_TICKFREQ = 0x31
};

enum { ADP_STOPPED_APPLICATION_EXIT = 0x20026 };

static int32_t call(enum operation operation, const void *arguments) {
    register int32_t r0 __asm("r0") = (int32_t)operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

bool semihosting_present(void) {
    static enum { UNKNOWN, PRESENT, ABSENT } known;
    if (known == UNKNOWN) {
        known = call(SYS_TICKFREQ, NULL) != -1 ? PRESENT : ABSENT;
    }
    return known == PRESENT;
}

bool semihosting_command_line(char *text, size_t size) {
    struct {
        char *text;
        size_t size;
    } arguments = {text, size};
    if (!semihosting_present() || call(SYS_GET_CMDLINE, &arguments) != 0) {
        return false;
    }
    text[size - 1] = '\0';
    return true;
}

int semihosting_open(const char *path, enum semihosting_mode mode) {
    const struct {
        const char *path;
        uint32_t mode;
        size_t length;
    } arguments = {path, mode, strlen(path)};
    return semihosting_present() ? (int)call(SYS_OPEN, &arguments) : -1;
}

int32_t semihosting_length(int file) {
    return call(SYS_FLEN, &file);
}

static bool seek(int file, uint32_t offset) {
    const uint32_t arguments[] = {(uint32_t)file, offset};
    return call(SYS_SEEK, arguments) == 0;
}

/* Both answer how many bytes were NOT moved. */
bool semihosting_read(int file, uint32_t offset, void *data, size_t len) {
    const uint32_t arguments[] = {(uint32_t)file, (uint32_t)(uintptr_t)data, len};
    return seek(file, offset) && call(SYS_READ, arguments) == 0;
}

bool semihosting_write(int file, uint32_t offset, const void *data, size_t len) {
    const uint32_t arguments[] = {(uint32_t)file, (uint32_t)(uintptr_t)data, len};
    return seek(file, offset) && call(SYS_WRITE, arguments) == 0;
}

void semihosting_say(const char *text) {
    if (semihosting_present()) {
        (void)call(SYS_WRITE0, text);
    }
}

_Noreturn void semihosting_exit(uint32_t code) {
    const uint32_t arguments[] = {ADP_STOPPED_APPLICATION_EXIT, code};
    (void)call(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}
