/*
 * line.c - bytes to command lines [at-ref 2.2]. Called by module.c; calls nobody.
 *
 *     IDLE --A--> MARK --T--> TEXT --CR--> (complete) IDLE
 *
 * Idle swallows every byte until an A: NULs, line ends, the stray tail of a PEM file that a driver
 * declared one byte too short [at-ref 1.12]. An A that no T follows was noise and stays silent.
 */
#include "inner.h"

enum { IDLE, MARK, TEXT };

static bool is_letter(uint8_t byte, char upper) {
    return byte == (uint8_t)upper || byte == (uint8_t)(upper + ('a' - 'A'));
}

bool spwf_line_push(struct spwf *m, uint8_t byte) {
    struct spwf_line *line = &m->line;
    if (line->state == IDLE || line->state == MARK) {
        if (line->state == MARK && is_letter(byte, 'T')) {
            line->state = TEXT;
            line->text[1] = (char)byte;
            line->length = 2;
        } else if (is_letter(byte, 'A')) {
            line->state = MARK;
            line->text[0] = (char)byte;
        } else {
            line->state = IDLE;
        }
        return false;
    }
    if (byte == '\r') {
        line->text[line->length] = '\0';
        line->state = IDLE;
        return true;
    }
    if (line->length < SPWF_LINE_MAX) {
        line->text[line->length++] = (char)byte;
    } else {
        line->overlong = true;
    }
    return false;
}

bool spwf_line_idle(const struct spwf *m) {
    return m->line.state == IDLE;
}

void spwf_line_reset(struct spwf *m) {
    spwf_wipe(&m->line, sizeof m->line); /* a passphrase may have been in it */
}
