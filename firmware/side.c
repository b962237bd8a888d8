/*
 * side.c - side.h. Called by main.c; asks the core, the heap and the processor. A line that does not
 * fit what the UART takes now is finished later; while it lasts no other is begun.
 */
#include "side.h"

#include <string.h>

#include "board.h"
#include "cm3/cpu.h"
#include "port.h"

enum { LINE = 448, REQUEST = 16 };

static struct {
    char text[LINE];
    size_t length, sent;
} line;

static struct {
    char text[REQUEST];
    size_t length;
} request;

static uint32_t told; /* outcome.count of the last line */
static struct {
    uint32_t count, moved;
    uint64_t total, longest;
} spent;

/* ------------------------------------------------------------------ writing ------------------- */

static void text(const char *s) {
    while (*s != '\0' && line.length < LINE - 1) {
        line.text[line.length++] = *s++;
    }
}

static void value(const char *name, int64_t number) {
    char digits[21];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? (uint64_t)-number : (uint64_t)number;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    text(name);
    text(number < 0 ? "-" : "");
    text(digits + at);
}

static void begin(const char *word) {
    line.length = line.sent = 0;
    text(word);
}

static void end(void) {
    line.text[line.length++] = '\n';
}

static void write_outcome(const struct spwf_outcome *o) {
    begin("outcome");
    value(" count=", o->count);
    value(" cause=", o->cause);
    value(" mode=", o->mode);
    value(" connected=", o->connected);
    value(" depth=", o->depth);
    value(" version=", o->version);
    value(" suite=", o->suite);
    value(" group=", o->group);
    value(" alert_sent=", o->alert_sent);
    value(" alert_received=", o->alert_received);
    value(" detail=", o->detail);
    value(" notes=", o->notes);
    value(" peak_heap=", o->peak_heap);
    value(" sent=", o->sent);
    value(" received=", o->received);
    text(" subject=");
    text(o->subject);
    end();
}

static void write_memory(void) {
    begin("memory");
    value(" live=", (int64_t)port_heap.live);
    value(" peak=", (int64_t)port_heap.peak);
    value(" blocks=", (int64_t)port_heap.blocks);
    value(" top=", (int64_t)port_heap.top);
    value(" stack=", cpu_stack_peak());
    value(" static=", cpu_static_bytes());
    end();
}

static void write_time(void) {
    begin("time");
    value(" ms=", (int64_t)port_millis(NULL));
    end();
}

static void write_spent(void) {
    begin("spent");
    value(" total=", (int64_t)spent.total);
    value(" longest=", (int64_t)spent.longest);
    end();
}

static void hex(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < 2 * len; i++) {
        line.text[line.length++] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    }
}

static void push(void) {
    line.sent += board_write(BOARD_SIDE, line.text + line.sent, line.length - line.sent);
}

static void flush(void) {
    while (line.sent < line.length) {
        push();
    }
}

void side_report(void *ctx, int kind, const void *data, size_t len) {
    const struct spwf_keylog *secrets = data;
    (void)ctx, (void)kind, (void)len;
    flush();
    begin("keylog ");
    hex(secrets->client_random, sizeof secrets->client_random);
    text(" ");
    hex(secrets->master_secret, sizeof secrets->master_secret);
    end();
    flush();
    memset(line.text, 0, line.length);
}

/* ------------------------------------------------------------------ reading ------------------- */

static bool over(const struct spwf_outcome *o) {
    return o->count != told && (o->connected || o->cause != SPWF_CAUSE_NONE);
}

/* A request that is complete and not yet answered; longer ones are no requests. */
static bool complete(void) {
    size_t len;
    const uint8_t *bytes = board_peek(BOARD_SIDE, &len);
    size_t taken = 0;
    bool done = false;
    while (taken < len && !done) {
        char c = (char)bytes[taken++];
        done = c == '\n';
        if (!done && request.length < REQUEST - 1) {
            request.text[request.length++] = c;
        }
    }
    board_drop(BOARD_SIDE, taken);
    request.text[request.length] = '\0';
    if (done) {
        request.length = 0;
    }
    return done;
}

static void answer(const struct spwf *m) {
    if (strcmp(request.text, "memory") == 0) {
        write_memory();
    } else if (strcmp(request.text, "outcome") == 0) {
        write_outcome(spwf_outcome(m));
    } else if (strcmp(request.text, "time") == 0) {
        write_time();
    } else if (strcmp(request.text, "spent") == 0) {
        write_spent();
    }
}

static void account(const struct spwf_outcome *o, uint64_t ns) {
    uint32_t moved = o->sent + o->received;
    if (o->count != spent.count) {
        spent.count = o->count;
        spent.total = spent.longest = 0;
    } else if (moved == spent.moved || o->count == told) {
        return;
    }
    spent.moved = moved;
    spent.total += ns;
    spent.longest = ns > spent.longest ? ns : spent.longest;
}

void side_poll(const struct spwf *m, uint64_t ns) {
    const struct spwf_outcome *o = spwf_outcome(m);
    account(o, ns);
    if (line.sent == line.length) {
        if (over(o)) {
            told = o->count;
            write_outcome(o);
        } else if (complete()) {
            answer(m);
        }
    }
    push();
}
