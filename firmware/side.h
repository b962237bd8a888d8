/*
 * side.h - the truth beside the wire: a second UART tells how handshakes went and what they cost, in
 * lines of text that end in LF.
 *
 *     after every secure SOCKON     outcome NAME=VALUE ...    struct spwf_outcome, in its order
 *     to a line "outcome"           the same, as it is now
 *     to a line "memory"            memory live=N peak=N blocks=N top=N stack=N static=N    bytes
 *     to a line "time"              time ms=N    the module's clock, what pace=fast skipped included
 *     to a line "spent"             spent total=N longest=N    ns
 *     in a handshake                keylog RANDOM SECRET    in hexadecimal, with the option keylog=1
 *
 * live to top are the module's heap (arena.h), stack its high-water mark, static .data and .bss.
 * spent tells what the polls that carried the last secure SOCKON took, together and at most; with
 * QEMU's -icount shift=0 a nanosecond is an instruction.
 */
#ifndef SIDE_H
#define SIDE_H

#include "spwf.h"

/* report() of the port [spwf.h]: tells secrets, all at once, so that the line comes before the bytes
 * that they protect, and nothing of it stays in memory. */
void side_report(void *ctx, int kind, const void *data, size_t len);

/* After each poll, which took `ns`. */
void side_poll(const struct spwf *m, uint64_t ns);

#endif
