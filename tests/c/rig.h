/*
 * rig.h - a whole module at work for the sweeps (test_sweep_*.c): AT bytes in, AT bytes out, a server on
 * tape [tape.h] behind its network, and a port of which any call may go wrong [faults.h]. No server,
 * no socket and no real time, once the tapes are made.
 *
 * One script of commands per mode: a network and the files are provisioned, the module is reset and
 * joins, is told the time, connects, writes a line, reads the answer and closes. In mutual mode the
 * files are in flash, in one-way mode in RAM.
 */
#ifndef RIG_H
#define RIG_H

#include "driver.h"
#include "faults.h"
#include "tape.h"
#include "tape_server.h"

enum { RIG_MODES = SPWF_MUTUAL + 1 };

struct rig {
    struct driver driver;
    struct faults faults;
    struct tape tapes[RIG_MODES];
    struct tape_wire wire; /* between sessions it may be given faults of its own */
    enum spwf_mode mode;
    bool open;        /* the connection */
    size_t asked;     /* where in driver.output the command in hand began */
    const char *step; /* that command, where it is one of the script */
    bool saved;       /* AT&W has said OK */
};
extern struct rig rig;

extern const char *const rig_modes[RIG_MODES]; /* their names */

/* How a part of the script ended. */
enum rig_verdict {
    RIG_PASSED,  /* every reply is the right one */
    RIG_REFUSED, /* an error was answered, or an end was indicated: what follows was not done */
    RIG_SILENT,  /* neither: the host waits in vain */
    RIG_FALSE    /* the module said something that is not so */
};

bool rig_record(void); /* the tapes of all modes; false: rig.step of rig.mode did not pass */

/* A module that had a former life in another network, with other files. Call number `at` goes wrong;
 * 0: none does. */
void rig_power_on(enum spwf_mode mode, const struct fault *fault, uint32_t at);
bool rig_power_off(void); /* whether nothing stayed in the heap, and nothing legible went back */

enum rig_verdict rig_prepare(void); /* the script until the module may connect */
enum rig_verdict rig_session(void); /* the rest */
enum rig_verdict rig_script(void);  /* both */

const char *rig_heard(void); /* what was said since the command, without the indications */
bool rig_ask(const char *line, const char *reply); /* whether that is the whole reply */

/* By AT+CFUN: the wire is whole again. Whether it boots, and joins if AT&W has said OK. */
bool rig_reset(void);

/* Whether each file in flash is the former or the new one, or none, and whole. */
bool rig_flash_is_whole(void);

#endif
