/* What is told of a text: the numbers of each mention, and what its sentences say of each other (read.c, talk.c). */
#ifndef EQUINA_TOLD_H
#define EQUINA_TOLD_H

#include "text.h"

#define NUMBERS 8 /* told of a mention: start, end, find, verdict, then start and end of the cue and of its number, or -1 */
#define FIND 2    /* which of them is the find */
#define VERDICT 3 /* which of them is the verdict: bits as below */
#define CUE 4     /* which of them is where the cue begins */
#define CUE 4     /* with which the cue begins */
#define ASSERTION 7
#define ONSET 24
#define BARE 32   /* above three bits of assertion and two of onset */
#define IS_NOW 64
#define AS_BEFORE 128 /* the next sentence said that it has long been the same, or the words around it make that likely */
#define OF_THIS_HOUR 256


/* What stands before a sentence (talk.py): the letters from `begin` to before `end`; in `told`, the first mention of it, and of the
 * questions in a row of which it is the last. 0: there is none. */
struct before {
    int32_t begin, end;
    size_t last, first;
    bool question;
};

/* A sentence: its words from `begin` to before `end`, its mentions from `first` to before `last` in `told`. */
struct spoken {
    int32_t begin, end;
    size_t first, last;
    int32_t closing[2]; /* the characters that tell the end of the story it is in */
};

/* read.c: from which character to before which some words stand. A cue may take in the end of the text, which is no word of it. */
void place_words(const struct scratch *scratch, int32_t start, int32_t end, int32_t *numbers);

/* talk.c */
struct before following(const struct before *before, int32_t begin, int32_t end, size_t already, size_t count, bool question);
/* The kinds of remark that were found in a sentence of so many words: what is still as it was at its head; what is the same, and differs,
 * anywhere; answers that take the whole of it in. `then`: a moment long ago was told of. */
uint64_t remarks_in(const struct scratch *scratch, int32_t words, bool then);
/* Whether all that this sentence names, from `already` on, is words of its own remark that it is the same: "as ever" names a finding. */
bool names_itself(const struct scratch *scratch, size_t already, int32_t begin);
/* Answers what stands before a sentence of these letters, which says such things: what was told up to `already`. */
void answer(struct scratch *scratch, struct row text, const struct before *before, int32_t begin, int32_t end, size_t already, uint64_t kinds);

/* around.c: takes mentions of a short message for old, over, another's or only named where the words around them make that likely. */
void judge_by_words_around(struct scratch *scratch, struct row text);

/* points.c: what has points of a letter, by itself (0) or before another (NULL: nothing). */
const struct feature *feature_of(const struct points *points, letter one, letter second);

/* stories.c: takes what is told of a time that is over, or of somebody else, for past or a relative's. */
void retell(struct scratch *scratch, struct row text);

#endif
