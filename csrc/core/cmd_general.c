/*
 * cmd_general.c - the commands about the module itself [at-ref 3.1]: AT, &F, &V, &W, +CFUN, HELP,
 * GCFG, SCFG, STS, SETTIME. Rows of commands.c point here; calls config, status, clock and reply.
 *
 * A list (help, &V, STS) is one continuation that writes a row at each step while there is room.
 */
#include "inner.h"

int spwf_cmd_general_attention(struct spwf *m, const struct spwf_request *request) {
    (void)m;
    (void)request;
    return SPWF_OK;
}

int spwf_cmd_general_factory(struct spwf *m, const struct spwf_request *request) {
    (void)request;
    spwf_config_factory(m);
    return SPWF_OK;
}

int spwf_cmd_general_write(struct spwf *m, const struct spwf_request *request) {
    (void)request;
    return spwf_config_save(m);
}

int spwf_cmd_general_cfun(struct spwf *m, const struct spwf_request *request) {
    uint64_t what;
    if (spwf_text_number(&request->args[0], false, 4, &what) != SPWF_OK) {
        return SPWF_E_ARGUMENT;
    }
    if (what > 1) { /* 2, 3, 4: power states, which the wire does not show */
        return SPWF_OK;
    }
    m->wind.used = 0; /* WIND 2 is the first thing out, and no OK [at-ref 1.14] */
    spwf_wind_post(m, 2);
    m->boot.stage = SPWF_BOOT_ENDING;
    return SPWF_SILENT;
}

static int next_row(struct spwf *m, size_t count) {
    return ++m->job.row < count ? SPWF_AGAIN : SPWF_OK;
}

static int start_list(struct spwf *m, spwf_await *row) {
    spwf_reply_text(m, "\r\n");
    m->job.await = row;
    return SPWF_LATER;
}

static int help_row(struct spwf *m) {
    const struct spwf_command *command = &spwf_commands_table[m->job.row];
    spwf_reply_text(m, "#  AT");
    spwf_reply_text(m, command->name);
    spwf_reply_text(m, command->usage);
    spwf_reply_text(m, " -- ");
    spwf_reply_text(m, command->help);
    spwf_reply_text(m, "\r\n");
    return next_row(m, spwf_commands_count);
}

int spwf_cmd_general_help(struct spwf *m, const struct spwf_request *request) {
    (void)request;
    return start_list(m, help_row);
}

static void print_name(struct spwf *m, const char *name) {
    spwf_reply_text(m, "#  ");
    spwf_reply_text(m, name);
    spwf_reply_text(m, " = ");
}

static void print_setting(struct spwf *m, const struct spwf_variable *v) {
    print_name(m, v->name);
    spwf_config_print(m, v);
    spwf_reply_text(m, "\r\n");
}

static void print_status(struct spwf *m, size_t i) {
    print_name(m, spwf_status_name(i));
    spwf_status_print(m, i);
    spwf_reply_text(m, "\r\n");
}

static int setting_row(struct spwf *m) {
    const struct spwf_variable *v = spwf_config_variable(m->job.row);
    if (v->name[0] != '\0') {
        print_setting(m, v);
    }
    return next_row(m, spwf_config_count());
}

int spwf_cmd_general_view(struct spwf *m, const struct spwf_request *request) {
    (void)request;
    return start_list(m, setting_row);
}

int spwf_cmd_general_gcfg(struct spwf *m, const struct spwf_request *request) {
    const struct spwf_variable *v = spwf_config_find(request->args[0].text);
    if (v == NULL) {
        return SPWF_R_VARIABLE;
    }
    spwf_reply_text(m, "\r\n");
    print_setting(m, v);
    return SPWF_OK;
}

int spwf_cmd_general_scfg(struct spwf *m, const struct spwf_request *request) {
    const struct spwf_variable *v = spwf_config_find(request->args[0].text);
    if (v == NULL) {
        return SPWF_R_VARIABLE;
    }
    return spwf_config_set(m, v, request->args[1].text, request->args[1].length);
}

static int status_row(struct spwf *m) {
    print_status(m, m->job.row);
    return next_row(m, spwf_status_count());
}

int spwf_cmd_general_sts(struct spwf *m, const struct spwf_request *request) {
    if (request->count == 0 || request->args[0].length == 0) {
        return start_list(m, status_row);
    }
    int i = spwf_status_find(request->args[0].text);
    if (i < 0) {
        return i;
    }
    spwf_reply_text(m, "\r\n");
    print_status(m, (size_t)i);
    return SPWF_OK;
}

int spwf_cmd_general_settime(struct spwf *m, const struct spwf_request *request) {
    const uint64_t end_of_9999 = 253402300799u; /* the last second that X.509 can name */
    uint64_t seconds;
    if (spwf_text_number(&request->args[0], false, end_of_9999, &seconds) != SPWF_OK) {
        return SPWF_E_ARGUMENT;
    }
    return spwf_clock_set(m, seconds);
}
