/*
 * at.c - a command line to a request [at-ref 2.2]: name, positional arguments, declared body.
 * Called by module.c; looks names up in commands.c and reads numbers with text.c.
 *
 * Arguments are separated by commas, without quoting. The last one of a command marked `rest`
 * keeps its commas: passphrases and network names may hold them.
 */
#include "inner.h"

enum { SWALLOWED_BODY_MAX = 4096 }; /* a larger declared size is refused at once [design 10] */

/* Cuts text[0..length) at its commas, in place. -1: more than the command takes. */
static int split(const struct spwf_command *command, char *text, size_t length,
                 struct spwf_argument *args) {
    int count = 0;
    char *end = text + length;
    for (;;) {
        bool last = command->rest && count == command->max - 1;
        char *comma = last ? NULL : memchr(text, ',', (size_t)(end - text));
        char *stop = comma != NULL ? comma : end;
        if (count == command->max) {
            return -1;
        }
        *stop = '\0';
        args[count].text = text;
        args[count].length = (size_t)(stop - text);
        count++;
        if (comma == NULL) {
            return count;
        }
        text = comma + 1;
    }
}

/* The size of the data that follows the line, wherever it can be told: so that data which belongs to
 * a refused command is not taken for commands. */
static int declared_body(struct spwf_request *request) {
    int i = request->command->body - 1;
    uint64_t size;
    if (i < 0 || i >= request->count) {
        return SPWF_OK;
    }
    if (spwf_text_number(&request->args[i], false, UINT32_MAX, &size) != SPWF_OK) {
        return SPWF_E_ARGUMENT;
    }
    if (size > SWALLOWED_BODY_MAX) {
        return SPWF_R_SIZE;
    }
    request->body = (uint32_t)size;
    return SPWF_OK;
}

int spwf_at_parse(struct spwf *m, struct spwf_request *request) {
    char *name = m->line.text + 2; /* behind "AT" */
    size_t length = (size_t)m->line.length - 2;
    char *equals = memchr(name, '=', length);
    memset(request, 0, sizeof *request);
    if (m->line.overlong) {
        return SPWF_R_SIZE;
    }
    request->command = spwf_commands_find(name, equals != NULL ? (size_t)(equals - name) : length);
    if (request->command == NULL) {
        return SPWF_R_COMMAND;
    }
    const struct spwf_command *command = request->command;
    if (equals != NULL) {
        size_t left = length - (size_t)(equals + 1 - name);
        request->count = split(command, equals + 1, left, request->args);
    }
    bool too_many = request->count < 0;
    if (too_many) {
        request->count = command->max; /* these were cut, and may declare a body */
    }
    int body = declared_body(request);
    if (too_many) {
        return SPWF_R_TOO_MANY;
    }
    for (int i = 0; i < command->min; i++) {
        bool may_be_empty = command->rest && i == command->max - 1;
        if (i >= request->count || (request->args[i].length == 0 && !may_be_empty)) {
            return SPWF_R_MISSING;
        }
    }
    return body;
}
