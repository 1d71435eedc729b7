/* From a text in small letters to letters of the lexicon: what vocabulary.py and language.py do, character by character. Of characters
 * the C knows nothing but what Python has told: of what kind they are, page by page, as they are met. */
#ifndef EQUINA_TEXT_H
#define EQUINA_TEXT_H

#include "reader.h"

typedef uint32_t character;

#define OTHER 1        /* the letter of a word that the lexicon does not name */
#define PAGE 256       /* characters of a page */
#define PAGES 0x1100
#define LONGEST_WORD 24
#define SLIP_FROM 5
#define START 5        /* first letters by which a slip is ruled out */
#define BEHIND LONGEST_WORD /* bytes behind those of a text that may be looked at, whatever they are */
#define REMEMBERED 32768 /* words whose letters a scratch remembers; a power of two */

/* What one look over a text has seen; as in looks.py. */
enum {
    SEES_TABS = 1,
    SEES_DOTS = 2,
    SEES_SIGNS = 4,
    SEES_CAPITALS = 8,
    SEES_YES = 16,
    SEES_BLANKS = 32,
    SEES_ALONE = 64,
    SEES_HISTORY = 128,
    SEES_ALL = 255,
};

/* Kinds of characters, as words.py tells them. */
enum {
    ALPHA = 1,     /* isalpha */
    WORDLIKE = 2,  /* \w, but no decimal and no "_" */
    DECIMAL = 4,   /* \d */
    SPACE = 8,     /* \s */
    DIGIT = 16,    /* isdigit */
    ALNUM = 32,    /* isalnum */
    ASKS_OR_STOPS = 64, /* "?", "."; this and the next are the C's own */
    ENDS_LINE = 128,
};

struct page {
    uint8_t kind[PAGE];
};

/* The characters of one byte: of what kind each is, and as which it is read. */
struct latin {
    uint8_t kind[PAGE], small[PAGE];
};

/* What is said of a word besides; as in words.py. */
enum { IS_OTHER = 1, IS_SHORTENED = 2, IS_ENGLISH = 4, IS_FOREIGN = 8, IS_SPELLING = 16, SLIPS_AS_WORD = 32, SLIPS_AS_STEM = 64 };

#define KEPT_FLAGS (IS_SHORTENED | IS_ENGLISH | IS_FOREIGN)

/* What is known of some characters: as a word, as the beginning of one. */
struct entry {
    uint32_t hash, first, length; /* in `characters` */
    letter word, stem;            /* 0: none */
    uint32_t flags;
};

/* One word or stem under its own spelling, or one that lacks a letter. */
struct slip {
    uint32_t hash, entry, next; /* the next of the same place, or NONE */
};

struct slips {
    struct slip *all;
    uint32_t *places, mask;
    uint32_t count;
    uint64_t starts[1024]; /* bits: hashes of the first letters of each */
};

/* A line of numbers: those between its ends, and at them, have letters from `letters` on. */
struct line {
    bool fraction;
    int32_t least, most; /* of what stands below the line of a fraction */
    uint32_t first, count; /* in `ends` */
    letter letters;
};

struct words {
    uint32_t count, characters_count, lines_count, ends_count, mask;
    struct entry *entries;
    uint32_t *places; /* of `mask` + 1: an entry or NONE */
    character *characters;
    struct line *lines;
    double *ends;
    struct slips of_words, of_stems;
    uint32_t stem_lengths; /* bits: how long the stems are in which slips are forgiven */
    uint64_t stems[1024];  /* bits: hashes of all stems */
    letter line_end, blank, query;
    struct block block; /* in which the arrays lie */
};

/* The characters of a word, if each takes one byte, and zeros behind them: compared and mixed without a loop of its length. */
struct spelling {
    uint64_t parts[LONGEST_WORD / 8];
};

/* A word and its letter, remembered. Two of them take one line of memory. */
struct met {
    _Alignas(LINE / 2) struct spelling spelling;
    letter letter;
    uint8_t length, flags; /* flags: of those below, KEPT_FLAGS */
};

/* Some characters of a text. */
struct span {
    const character *characters;
    uint32_t count, hash;
};

static inline uint32_t hash_on(uint32_t hash, character one)
{
    return (hash ^ one) * UINT32_C(16777619);
}

#define NO_HASH UINT32_C(2166136261)

static inline uint32_t hash_of(const character *characters, uint32_t count)
{
    uint32_t hash = NO_HASH;
    for (uint32_t i = 0; i < count; i++)
        hash = hash_on(hash, characters[i]);
    return hash;
}

static inline uint32_t mixed_hash(uint32_t hash)
{
    return hash ^ hash >> 15;
}

/* How a text is to be read, and what may be missing; as in library.py. */
enum { IS_MESSAGE = 1, PLAINLY_READ = 2 };
enum { DOUBTS = -1, WANTS_LETTERS = -2, WANTS_PAGE = -3, FAILS_TO_READ = -4, LEAVES_IT = -5 };

/* What is told of a text as it was written. */
struct seen {
    const int32_t *told;  /* the numbers of its mentions, if it was read: as a message, if no heading may stand in it */
    const int32_t *heads; /* where headings may stand */
    int32_t heads_count;
    uint32_t looks;
};

/* words.c */
/* What is said besides of a word of a text, as it is spelt: KEPT_FLAGS. */
uint32_t flags_of(const struct scratch *scratch, const character *characters, uint32_t count);
const struct entry *entry_of(const struct words *words, const struct span *span);
/* The letter of a word of the lexicon; 0: it is none. */
letter plain_letter(const struct words *words, const character *characters, uint32_t count);
/* The letter of a word of the text by itself. 0: Python is to be asked. */
letter letter_of(struct scratch *scratch, const character *characters, const uint8_t *kinds, uint32_t count);
/* Bids that it is at hand soon, if it is remembered. */
void fetch_letter(const struct scratch *scratch, const character *characters, uint32_t count);

/* slips.c */
bool add_slips(struct words *words);
letter slip_of(const struct words *words, const character *word, uint32_t count);
/* The letter of the word that is one slip away and has the same stem, of so many characters. */
letter slip_of_stem(const struct words *words, const character *word, uint32_t count, uint32_t stem);

/* numbers.c: the letter of a number; 0 for one to ask about. */
letter number_of(const struct words *words, const character *word, const uint8_t *kinds, uint32_t count);

/* characters.c: the text into scratch->small, scratch->kinds and scratch->bytes. */
enum taken { TAKEN, NO_MEMORY, NO_PAGE };
bool room_for_text(struct scratch *scratch, size_t count);
enum taken take_characters(struct scratch *scratch, const void *text, int64_t count, int32_t width, uint32_t *page);

/* written.c: the same of a text as it was written, and where headings may stand in it into scratch->heads: threes of numbers. Of a colon
 * its place, and the words before it from where to where; -1 for a line, and the line; -2 for the words before the dash of a long line, and
 * these. False without memory. */
bool take_written(struct scratch *scratch, const uint8_t *text, int64_t count);

/* cut.c: the words of the text, their letters and places; those to ask about into scratch->asked. */
void cut(struct scratch *scratch);

/* read.c: what a text says as it was written, of characters of one byte with a zero behind them, as of `equina_note`; and what one look
 * over it saw. */
int64_t equina_written(struct scratch *scratch, const uint8_t *text, int64_t count, struct seen *seen);

/* language.c: whether it is in doubt that a text is one to be read. */
bool is_doubtful(const struct scratch *scratch);

/* What there may be in a text of characters of one byte each, behind which a zero stands. */
uint32_t equina_looks(const uint8_t *text, int64_t count);

#endif
