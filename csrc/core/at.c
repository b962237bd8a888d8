/*
 * at.c - a command line to a request [at-ref 2.2]: name, positional arguments, declared body.
 * Called by module.c (parse) and the handlers (numbers, words, addresses); looks names up in
 * commands.c and calls nobody else.
 *
 * Arguments are separated by commas, without quoting. The last one of a command marked `rest`
 * keeps its commas: passphrases and network names may hold them.
 */
#include "inner.h"

enum { SWALLOWED_BODY_MAX = 4096 }; /* a larger declared size is refused at once [design 10] */

static char upper(char c) {
    return (c >= 'a' && c <= 'z') ? (char)(c - ('a' - 'A')) : c;
}

bool spwf_at_is(const struct spwf_argument *a, const char *word) {
    size_t i = 0;
    while (i < a->length && word[i] != '\0' && upper(a->text[i]) == upper(word[i])) {
        i++;
    }
    return i == a->length && word[i] == '\0';
}

static int digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = upper(c);
    return (c >= 'A' && c <= 'F') ? c - 'A' + 10 : 16;
}

int spwf_at_number(const struct spwf_argument *a, bool hex, uint64_t max, uint64_t *value) {
    size_t i = 0;
    uint64_t base = 10, sum = 0;
    while (i < a->length && a->text[i] == ' ') {
        i++;
    }
    if (hex && a->length - i > 2 && a->text[i] == '0' && upper(a->text[i + 1]) == 'X') {
        base = 16;
        i += 2;
    }
    if (i == a->length) {
        return SPWF_E_ARGUMENT;
    }
    for (; i < a->length; i++) {
        uint64_t d = (uint64_t)digit(a->text[i]);
        if (d >= base || sum > (max - d) / base || d > max) {
            return SPWF_E_ARGUMENT;
        }
        sum = sum * base + d;
    }
    *value = sum;
    return SPWF_OK;
}

bool spwf_at_ip(const char *text, uint8_t ip[4]) {
    for (int i = 0; i < 4; i++) {
        unsigned octet = 0;
        int digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 3; digits++) {
            octet = octet * 10 + (unsigned)(*text++ - '0');
        }
        if (digits == 0 || octet > 255 || *text != (i < 3 ? '.' : '\0')) {
            return false;
        }
        text++;
        ip[i] = (uint8_t)octet;
    }
    return true;
}

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
    if (spwf_at_number(&request->args[i], false, UINT32_MAX, &size) != SPWF_OK) {
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
