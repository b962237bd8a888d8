/*
 * semihosting.h - services of a debugger, or of QEMU, to the program that it runs: a command line,
 * files, an end. [Arm: Semihosting for AArch32 and AArch64] On a board by itself none is there, and
 * every call says so.
 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool semihosting_present(void);

/* NUL-terminated; false where there is none or it does not fit. */
bool semihosting_command_line(char *text, size_t size);

enum semihosting_mode { SEMIHOSTING_READ = 1, SEMIHOSTING_UPDATE = 3, SEMIHOSTING_CREATE = 7 };
int semihosting_open(const char *path, enum semihosting_mode mode); /* negative: it cannot be */
int32_t semihosting_length(int file);
bool semihosting_read(int file, uint32_t offset, void *data, size_t len);
bool semihosting_write(int file, uint32_t offset, const void *data, size_t len);

void semihosting_say(const char *text); /* on the debugger's console */
_Noreturn void semihosting_exit(uint32_t code);

#endif
