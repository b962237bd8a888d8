/* tape_server.c - see tape_server.h. The only C test file that knows what s_server prints. */
#include "tape_server.h"

#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct tape_material tape_material;

/* ------------------------------------------------------------------ material ------------------ */

static char folder[] = "/tmp/spwf-test-tls-XXXXXX";

static const char commands[] =
    "set -e; exec 2>openssl.log;"
    "new() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; };"
    "issue() { new $1; openssl req -new -key $1.key -subj \"/C=IT/O=STM/CN=$2\" -out $1.csr;"
    " openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -set_serial $3 -days 9 -out $1.pem; };"
    "new ca; openssl req -x509 -new -key ca.key -subj /CN=CA -days 9 -out ca.pem;"
    "openssl req -x509 -new -key ca.key -subj /CN=CA -days 1 -out brief.pem;"
    "issue server 'server domain' 1; issue client client 2; new other;"
    "openssl ec -in other.key -aes128 -passout pass:secret -out locked.key";

static bool read_file(const char *name, struct tape_file *file) {
    FILE *stream = fopen(name, "rb");
    if (stream != NULL) {
        file->size = fread(file->bytes, 1, sizeof file->bytes, stream);
        fclose(stream);
    }
    return stream != NULL && file->size > 0;
}

bool tape_material_make(void) {
    struct tape_material *m = &tape_material;
    m->now = (uint64_t)time(NULL) + 60;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 && system(commands) == 0 &&
           read_file("ca.pem", &m->ca) && read_file("client.pem", &m->cert) &&
           read_file("client.key", &m->key) && read_file("other.key", &m->other_key) &&
           read_file("locked.key", &m->locked_key) && read_file("brief.pem", &m->brief_ca);
}

void tape_material_remove(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (chdir("/") != 0 || system(command) != 0) {
        printf("%s is left behind\n", folder);
    }
}

/* ------------------------------------------------------------------ the server ---------------- */

/* Starts it; its port, 0 where it does not tell one. */
static int start(pid_t *process, bool mutual) {
    extern char **environ;
    char *verify = mutual ? "-Verify" : NULL; /* where argv ends */
    char *const argv[] = {"openssl",
                          "s_server",
                          "-accept",
                          "127.0.0.1:0",
                          "-naccept",
                          "1",
                          "-cert",
                          "server.pem",
                          "-key",
                          "server.key",
                          "-rev",
                          "-no_tls1_3",
                          "-CAfile",
                          "ca.pem",
                          verify,
                          "2",
                          "-verify_return_error",
                          NULL};
    int ends[2];
    int port = 0;
    char line[256];
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0) {
        return 0;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int error = posix_spawnp(process, "openssl", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r"); /* stays open: the server goes on talking to it */
    while (error == 0 && port == 0 && fgets(line, sizeof line, output) != NULL) {
        sscanf(line, "ACCEPT %*[^:]:%d", &port);
    }
    return port;
}

bool tape_server_start(struct tape_server *s, bool mutual) {
    *s = (struct tape_server){.connection = -1};
    int port = start(&s->process, mutual);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (port != 0) {
        s->connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    return s->connection >= 0 &&
           connect(s->connection, (struct sockaddr *)&address, sizeof address) == 0;
}

void tape_server_stop(struct tape_server *s) {
    if (s->connection >= 0) {
        close(s->connection);
    }
    if (s->process > 0) {
        kill(s->process, SIGTERM);
        waitpid(s->process, NULL, 0);
    }
}
