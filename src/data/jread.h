/*
 * jread.h - reads JSON (yajl's push parser) into nodes: whole documents, and streams of values that
 * arrive in pieces (the Engine's events, pull and build progress).
 */
#ifndef OCTO_DATA_JREAD_H
#define OCTO_DATA_JREAD_H

#include "base/err.h"
#include "data/node.h"

#define JREAD_MAX_BYTES (256u << 20)
#define JREAD_MAX_DEPTH 128
/* One value of a stream. */
#define JREAD_MAX_VALUE_BYTES (16u << 20)

/* Parses one document. file may be 0 (then origins are not set). Duplicate keys: the last one wins
   for file 0 (as Go does), an error otherwise. */
int jread_parse(struct arena *arena, uint32_t file, const char *text, size_t len,
                struct node **ret_node, struct err *err) ATTR_MUST_CHECK;

/* A stream of values. fn gets each value as soon as it is complete, in an arena that is gone when
   it returns; -1 from fn stops the stream with that error. */
struct jread_stream;
typedef int (*jread_fn)(void *arg, struct node *value, struct err *err);
struct jread_stream *jread_stream_new(jread_fn fn, void *arg);
int jread_stream_feed(struct jread_stream *stream, const char *bytes, size_t len, struct err *err)
    ATTR_MUST_CHECK;
/* The end of input: an error when a value was cut off. */
int jread_stream_end(struct jread_stream *stream, struct err *err) ATTR_MUST_CHECK;
void jread_stream_free(struct jread_stream *stream);

#endif
