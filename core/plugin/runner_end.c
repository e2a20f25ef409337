/* SPDX-License-Identifier: Apache-2.0 */
/* runner_end.c - how a runner's process ended, in words. */
#include <signal.h>
#include <string.h>

#include "core/plugin/runner_impl.h"

static const char *signal_word(const struct err *err, int number)
{
    switch (number) {
    case SIGSEGV:
        return err_word(err, "segmentation fault");
    case SIGBUS:
        return err_word(err, "bus error");
    case SIGABRT:
        return err_word(err, "aborted");
    case SIGFPE:
        return err_word(err, "arithmetic error");
    case SIGILL:
        return err_word(err, "illegal instruction");
    case SIGTRAP:
        return err_word(err, "trap");
    case SIGSYS:
        return err_word(err, "forbidden system call");
    case SIGXCPU:
        return err_word(err, "out of processor time");
    case SIGXFSZ:
        return err_word(err, "file too large");
    case SIGKILL:
        return err_word(err, "killed");
    default:
        return err_word(err, "signal");
    }
}

tn_status end_say(const struct plugin *plugin, const struct end *end, struct err *err)
{
    const char *id = plugin->rows->id;

    TRY(isolate_explain(id, &end->excess, err));
    switch (end->kind) {
    case END_SIGNAL:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The process of the plugin %s was stopped by signal %d (%s).",
                       id,
                       end->number,
                       signal_word(err, end->number));
    case END_EXIT:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The process of the plugin %s ended by itself, with status %d.",
                       id,
                       end->number);
    case END_LATE:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The plugin %s did not answer within %d ms; its process was stopped.",
                       id,
                       end->number);
    case END_GARBLED:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The process of the plugin %s sent what makes no sense; it was stopped.",
                       id);
    case END_CLOSED:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The process of the plugin %s closed its channel; it was stopped.",
                       id);
    case END_SPAWN:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "No process can be started for the plugin %s: %s.",
                       id,
                       strerrordesc_np(end->number));
    case END_NEED:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The plugin %s uses more of %s than it declares to need; its process was "
                       "stopped.",
                       id,
                       plugin->rows->needs.items[end->number].id);
    case END_BOX:
    case END_ENTER:
    case END_OPEN:
    case END_LOAD:
    case END_START:
        return err_set(
            err, TN_UNAVAILABLE, "The plugin %s could not be started again in its process.", id);
    case END_STOPPED:
    case END_NOT:
        break;
    }
    return err_set(err, TN_UNAVAILABLE, "The plugin %s is being stopped.", id);
}

tn_status end_say_start(const struct plugin *plugin, const struct end *end, struct err *err)
{
    const tn_status status = (tn_status)end->number;

    switch (end->kind) {
    case END_BOX:
    case END_ENTER:
        return err_set(err, status, "There is no sandbox for its process: %s", end->text);
    case END_OPEN:
        return err_set(err, status, "It cannot be mapped: %s.", end->text);
    case END_LOAD:
        return err_set(err, status, "Its load() failed with %s.", err_status_name(status));
    case END_START:
        return err_set(err, status, "Its start() failed with %s.", err_status_name(status));
    default:
        return end_say(plugin, end, err);
    }
}

bool end_is_failure(const struct end *end)
{
    /* What the host does not kill, an operator does, or the kernel when memory is out: the plugin
     * may have no part in it. */
    if (end->excess.limit != ISOLATE_WITHIN)
        return true;
    return end->kind != END_STOPPED && !(end->kind == END_SIGNAL && end->number == SIGKILL);
}
