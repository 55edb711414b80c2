/*
 * operator.c - what all operators have in common beside the seam's types: the words of events.
 */
#include "base/base.h"

#include "plan/operator.h"

#include "base/str.h"

static const struct {
    const char *word;
    enum event_action action;
} event_words[] = {
    { "create", EVENT_CREATED }, { "start", EVENT_STARTED },    { "die", EVENT_DIED },
    { "stop", EVENT_STOPPED },   { "kill", EVENT_KILLED },      { "destroy", EVENT_REMOVED },
    { "pause", EVENT_PAUSED },   { "unpause", EVENT_UNPAUSED }, { "rename", EVENT_RENAMED },
    { "health", EVENT_HEALTH },  { "oom", EVENT_OOM },
};

enum event_action event_action_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(event_words); i++) {
        if (text_is(word, event_words[i].word))
            return event_words[i].action;
    }
    return EVENT_OTHER;
}
