/*
 * yread.c - reads YAML: runs libyaml's event parser over a text and hands the events to
 * yread-build.c. The only file that includes libyaml. Texts that libyaml reads differently from
 * docker compose are rewritten by yread-prepass.c first. Called by the loaders of compose files and
 * configurations.
 */
#include "base/base.h"

#include "data/yread.h"

#include <yaml.h>

#include "base/mem.h"
#include "data/yread-parts.h"

struct reading {
    yaml_parser_t *parser;
    struct yread_build *build;
    struct yread_documents *documents;
    uint32_t file;
    const char *text;
    size_t len;
    const struct yread_edits *edits; /* what was changed in text, or NULL */
};

static struct origin mark_origin(const struct reading *reading, yaml_mark_t mark)
{
    struct origin at = { reading->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };

    if (reading->edits)
        yread_edit_origin(reading->edits, &at);
    return at;
}

/* The place of a byte that libyaml's reader refused: it gives an offset only. */
static struct origin offset_origin(const struct reading *reading, size_t offset)
{
    struct origin at = { reading->file, 1, 1 };

    for (size_t i = 0; i < MIN(offset, reading->len); i++) {
        if (reading->text[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)reading->text[i] & 0xc0) != 0x80) {
            at.column++;
        }
    }
    if (reading->edits)
        yread_edit_origin(reading->edits, &at);
    return at;
}

#define NO_TOKEN "found character that cannot start any token"

/* What helps with libyaml's commonest complaints. */
static const struct {
    const char *problem, *hint;
} hints[] = {
    { "mapping values are not allowed in this context",
      "check the indentation, and quote a value that contains \": \"" },
    { "found a tab character that violates indentation", "indent with spaces, not tabs" },
    { "did not find expected key", "check the indentation of this line and of the ones before" },
    { "could not find expected ':'",
      "a key needs \": \" after it; a list item begins with \"- \"" },
};

static void add_hint(const yaml_parser_t *parser, const char *problem, struct finding *finding)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (text_is(problem, hints[i].problem))
            finding_hint(finding, "%s", hints[i].hint);
    if (!text_is(problem, NO_TOKEN))
        return;
    if (*parser->buffer.pointer == '\t')
        finding_hint(finding, "indent with spaces, not tabs");
    else
        finding_hint(finding, "quote a value that begins with \"%c\"", *parser->buffer.pointer);
}

static int report_parser(const struct reading *reading)
{
    const yaml_parser_t *parser = reading->parser;
    const char *problem = parser->problem ? parser->problem : "unreadable";
    bool is_reader = parser->error == YAML_READER_ERROR;
    struct origin at = is_reader ? offset_origin(reading, parser->problem_offset)
                                 : mark_origin(reading, parser->problem_mark);
    STR_AUTO(text);

    str_add(&text, problem);
    if (is_reader && parser->problem_value >= 0)
        str_printf(&text, " (0x%02X)", (unsigned)parser->problem_value);
    else if (!is_reader && parser->context && !text_is(problem, NO_TOKEN))
        str_printf(&text, " %s that begins at line %zu", parser->context,
                   (size_t)mark_origin(reading, parser->context_mark).line);
    struct finding *finding =
        finding_add(reading->build->findings, FINDING_ERROR, at, NULL, "%s", text.buf);
    add_hint(parser, problem, finding);
    return -1;
}

static int take_scalar(const struct reading *reading, const yaml_event_t *event)
{
    struct yread_scalar scalar = {
        .text = (const char *)event->data.scalar.value,
        .len = event->data.scalar.length,
        .tag = (const char *)event->data.scalar.tag,
        .is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
        .at = mark_origin(reading, event->start_mark),
    };

    if (reading->edits && reading->edits->has_stand_ins)
        scalar.len = yread_stand_in_restore((char *)event->data.scalar.value, scalar.len);
    return yread_build_scalar(reading->build, &scalar, (const char *)event->data.scalar.anchor);
}

static int take_event(const struct reading *reading, const yaml_event_t *event)
{
    struct yread_build *build = reading->build;
    struct origin at = mark_origin(reading, event->start_mark);

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        build->root = NULL;
        return 0;
    case YAML_DOCUMENT_END_EVENT:
        ARENA_ADD(build->arena, reading->documents, build->root);
        return 0;
    case YAML_SCALAR_EVENT:
        return take_scalar(reading, event);
    case YAML_ALIAS_EVENT:
        return yread_build_alias(build, (const char *)event->data.alias.anchor, at);
    case YAML_SEQUENCE_START_EVENT:
        return yread_build_begin(build, NODE_LIST, at, (const char *)event->data.sequence_start.tag,
                                 (const char *)event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return yread_build_begin(build, NODE_MAP, at, (const char *)event->data.mapping_start.tag,
                                 (const char *)event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return yread_build_end(build);
    default:
        return 0;
    }
}

static int run(const struct reading *reading)
{
    bool is_end = false;

    while (!is_end) {
        yaml_event_t event;

        if (!yaml_parser_parse(reading->parser, &event))
            return report_parser(reading);
        int result = take_event(reading, &event);
        is_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (result)
            return -1;
    }
    return 0;
}

/* One pass over the text with libyaml. 0, or -1 with findings; 1 when a limit was passed, with
   findings. */
static int parse_once(struct arena *arena, uint32_t file, const char *text, size_t len,
                      const struct yread_edits *edits, struct yread_documents *documents,
                      struct findings *findings)
{
    struct yread_build *build = MEM_NEW(struct yread_build);
    yaml_parser_t parser;
    struct reading reading = { &parser, build, documents, file, text, len, edits };

    build->arena = arena;
    build->findings = findings;
    map_init(&build->anchors);
    int result = -1;
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
        result = run(&reading);
        yaml_parser_delete(&parser);
    }
    if (findings->n_errors)
        result = build->is_over_limit ? 1 : -1;
    map_release(&build->anchors);
    mem_free(build);
    return result;
}

static int parse_edited(struct arena *arena, uint32_t file, const char *text, size_t len,
                        struct yread_edits *edits, struct yread_documents *documents,
                        struct findings *findings)
{
    STR_AUTO(changed);

    yread_edit_apply(arena, edits, text, len, &changed);
    return parse_once(arena, file, changed.buf, changed.len, edits, documents, findings);
}

int yread_parse(struct arena *arena, uint32_t file, const char *text, size_t len,
                struct yread_documents *ret_documents, struct findings *findings)
{
    struct yread_documents documents = { NULL, 0, 0 };
    struct yread_edits edits = { 0 };
    CLEANUP(findings_release) struct findings found = FINDINGS_INIT;
    struct origin at = { file, 0, 0 };
    int result = -1;

    if (len > YREAD_MAX_BYTES) {
        finding_add(findings, FINDING_ERROR, at, NULL, "larger than %u bytes", YREAD_MAX_BYTES);
        return -1;
    }
    bool can_edit = text_utf8_valid(text, len) == len;
    bool is_due = can_edit && yread_prepass_is_due(text, len);
    if (!is_due)
        result = parse_once(arena, file, text, len, NULL, &documents, &found);
    if (result < 0 && can_edit) {
        yread_prepass(arena, text, len, &edits);
        if (edits.n || is_due) {
            findings_release(&found);
            findings_init(&found);
            documents.n = 0;
            result = parse_edited(arena, file, text, len, &edits, &documents, &found);
        }
    }
    findings_add(findings, &found);
    if (result)
        return -1;
    *ret_documents = documents;
    return 0;
}
