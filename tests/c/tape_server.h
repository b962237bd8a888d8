/*
 * tape_server.h - who is recorded [tape.h]: an `openssl s_server` that answers each line backwards,
 * and certificates for it and for the module, made in a folder of their own.
 */
#ifndef TAPE_SERVER_H
#define TAPE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TAPE_FILE = 4096 };

struct tape_file {
    char bytes[TAPE_FILE];
    size_t size;
};

struct tape_material {
    struct tape_file ca, cert, key; /* of the module in the sessions that are recorded */
    struct tape_file other_key, locked_key;
    struct tape_file brief_ca; /* ca for one day */
    uint64_t now;              /* when all of them are valid; s, UTC */
};

extern struct tape_material tape_material;

bool tape_material_make(void); /* false: openssl said no, see openssl.log in the folder */
void tape_material_remove(void);

struct tape_server {
    pid_t process;
    int connection; /* a socket; -1: none */
};

/* A server for one connection, which is open; `mutual`: it wants the module's certificate. */
bool tape_server_start(struct tape_server *s, bool mutual);
void tape_server_stop(struct tape_server *s);

#endif
