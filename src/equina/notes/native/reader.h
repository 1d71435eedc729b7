/* The compiled reader: a text as letters in, what it says out. It does what index.py, sentence.py and context.py do, and must
 * agree with them in every case; they are the reference.
 *
 * A letter is one word of a text, a number below `limit` (vocabulary.py). Everything that a lexicon says is held in one
 * `struct tables`, which is never written after it was built; what one call works with is in a `struct scratch`. So any number of
 * threads may read with the same tables, each with a scratch of its own.
 */
#ifndef EQUINA_READER_H
#define EQUINA_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERSION 10     /* of the tables; tables.py writes the same */
#define VERDICTS 4     /* that words around a complaint may make of it (around.py) */
#define ZONES 4        /* in which these stand */
#define NONE UINT32_MAX
#define PLACES 64      /* of a row so short that its places are bits */
#define NEEDS 4        /* sets of letters that a group needs one each of */
#define FARTHEST 100   /* words behind the beginning of a match beyond which no place is told apart */
#define WANTS 2        /* of these, sets of which a letter is looked for besides the rarest, wherever it stands in the row */
#define BESIDE (NEEDS - 1) /* sets of which a letter is looked for where it must stand */
#define MOST_POINTS 10000 /* of a word, and of a base */
#define CLASSES 2048   /* wanted sets that are alike are looked for as one, so that a row has few bits */
#define CLASS_WORDS (CLASSES / 64)

typedef uint16_t letter;

/* ---- a lexicon ---- */

/* A set of letters, sorted. */
struct set {
    uint32_t first, count; /* in `letters` */
};

/* An instruction of a pattern: what to do in the high byte, with what in the low three. */
enum operation {
    OP_ONE,    /* this letter */
    OP_SET,    /* a letter of this set */
    OP_NUMBER, /* a number begins here; its rank among those of the pattern */
    OP_GAP,    /* up to (low byte) other letters, as few as will do; commas too when the next byte is 1 */
    OP_SPLIT,  /* try what follows; if that fails, go so far ahead */
    OP_JUMP,   /* go so far ahead */
    OP_CALL,   /* a part that many patterns share */
    OP_RETURN, /* the end of a part, or of the pattern */
    OP_CHOICE, /* in place of a row of splits (choice.c): the ways that can go on with this letter */
};

#define ANYWHERE 127 /* words before or behind a letter: farther than a row of no more than PLACES reaches */

/* A set, or NONE, of which a letter stands from so many words behind the letter that leads a group up to so many; and its wanted class. */
struct beside {
    uint32_t set;
    uint16_t wanted;
    int8_t from, to;
};

/* Alternatives, by the letter that comes next. */
struct choice {
    uint32_t places, mask; /* where its places begin in `options`, and how many follow the first */
    uint32_t ways;         /* where the rows of ways begin that it leaves to its letters */
    uint32_t others;       /* that which it leaves to all other letters, or NONE */
};

#define LINE 64 /* bytes that memory hands over at once, as a rule */

/* Patterns that mean the same (index.py). What is asked of one takes one line of memory. */
struct group {
    _Alignas(LINE) uint32_t what; /* find or cue */
    uint32_t entry;  /* its first instruction */
    uint64_t hint;   /* bits of the letters with which it begins, see hint_of */
    uint32_t begins; /* these letters: a set, or NONE for any */
    uint32_t choice; /* with which it begins, and which knows these letters too; or NONE */
    int32_t least, most; /* how many words behind the beginning the letter that leads it stands */
    struct beside beside[BESIDE];
};

/* A set of which a group needs a letter, or NONE; and how many words behind the beginning of a match that stands at least, at most. */
struct need {
    uint32_t set;
    int32_t least, most;
};

/* What a group needs, the rarest first. */
struct needs {
    struct need of[NEEDS];
};

/* A group under a letter of its rarest set, and what else it needs: numbers of wanted classes, 0 for nothing. */
struct lead {
    uint32_t group;
    uint16_t wants[WANTS];
};

struct index {
    uint32_t *single; /* what letters say by themselves; where those of a letter begin its `struct known` tells, as of `led` */
    struct lead *led; /* the groups under the letters of their rarest sets */
    struct group *groups;
    struct needs *needs; /* of each group, until its leads are made */
    uint32_t count;
};

/* Numbers in `lists`: findings. */
struct list {
    uint32_t first, count;
};

struct find {
    int32_t finding; /* -1: a sense of the words that is no finding */
    int32_t kind;    /* of the finding */
    bool normal;     /* its normal counterpart */
    bool measured;   /* with a number */
    bool likely;     /* by points; void where a pattern names one of `of` */
    struct list instead_of, of;
};

/* The kinds of cue, in the order of KINDS in tables.py. */
enum kind {
    NEGATED, AFFIRMED, UNCERTAIN, HYPOTHETICAL, HISTORICAL, FAMILY, KIN,
    ONGOING, NOW, UNTIL, FLIP, PSEUDO, UNASKED, GONE, END, CLAUSE, VERB, CAUSE, JOINT, PARTING, APART, NEW, WORSE, OLD, LONG_AGO,
    EVENT, TURN, CARER, SELF, SAME, STILL,
    ALL_STILL, DIFFERS, ASKS, DENIES_IT, DENIES_ALL, AFFIRMS_IT, AFFIRMS_ALL,
    THEN, OVER, ENDED, LASTS, DOUBTED, BACK, OTHERS, FOR_THEM, UNLIKE, NOTHING,
    KINDS
};

#define BIT(kind) (UINT64_C(1) << (kind))

struct cue {
    int32_t kind, reach;
    bool forward, backward, over_commas, box, at_head, since_then, noun;
    uint64_t of; /* bits of the kinds of finding it bears on; all when 0 */
    uint32_t stopped_by, stopped_ahead; /* bits of the kinds of cue that it does not reach past, and forward besides */
};

enum { FINDS, CUES, PERSONS, BEFORE, STORIES, INDEXES };
enum {
    SET_ENDS, SET_COMMA, SET_QUESTION, SET_ORS, SET_ABSENCES, SET_CARERS, SET_COLON, SET_LIGHT, SET_JOINING, SET_OWN, SET_THEIRS,
    SET_AT_HAND, SET_OF_LATE, SET_OF_THE_PRESENT, SET_OF_THE_PAST, SET_PARTING, SET_NARROW, SET_WIDE, NAMED_SETS
};

/* Some of a row: the items first up to before first + count. */
struct some {
    uint32_t first, count;
};

/* What is known of a letter, side by side: it is asked for together, and takes one line. */
struct known {
    _Alignas(LINE) uint32_t marks; /* the bits below */
    uint32_t wants;        /* where in `wanted` the bits of the wanted classes it is of begin */
    struct some led[INDEXES];
};

/* What a letter says by itself: in `single` of each index. */
struct says {
    struct some of[INDEXES];
};

/* Memory in which tables lie side by side. */
struct block {
    char *memory; /* NULL: there is none */
    size_t used;
};

/* The points of a word or a pair for one thing: the number of a finding in `finds`, or of a verdict and zone (around.c). */
struct share {
    uint16_t of;
    int16_t points;
};

/* A letter that has points by itself (0) or before a second; which `shares` are its. */
struct feature {
    letter second;
    struct some shares;
};

/* What a sentence is likely to say (points.py): of each finding its find and its base; or what stands around a complaint (around.py): of
 * each verdict its base. Of each letter its features, the second letters in order. */
struct points {
    uint32_t count, features_count;
    uint32_t *finds;
    int32_t *bases;
    struct some *of;
    struct feature *features;
    struct share *shares;
};

struct tables {
    uint32_t limit; /* every letter is below it */
    uint32_t findings;
    uint32_t sets_count, letters_count, finds_count, cues_count, program_count;
    struct set *sets; /* these and their letters until `members` are made */
    letter *letters;
    uint32_t *program;
    struct find *finds;
    struct cue *cues;
    uint32_t *lists;
    struct index indexes[INDEXES];
    struct points points;
    struct points around; /* of each verdict and zone, with a base for each verdict and no finds */
    uint8_t *may_be;      /* of each finding, which it may be by these, in bits */
    uint32_t named[NAMED_SETS]; /* sets that the reader itself asks for */

    /* What is worked out from these when they are built. */
    struct known *known; /* of each letter */
    struct says *says;   /* likewise */
    /* The sets, each a power of two of places, four letters to each, or FREE; and it begins at a multiple of that power. So its number
     * tells both: twice where it begins, and the power, which is the lowest bit. */
    uint64_t *members;
    struct choice *choices;
    /* The places of each: a letter, and in the low half how far ahead the way is that it leaves to it, which may be OPTION_TAKES it; with
     * SEVERAL, how far behind the first of its rows of ways theirs is. NONE: free. */
    uint32_t *options;
    uint32_t *ways; /* rows of ways, which may be WAY_TAKES, the last of each with LAST */
    uint64_t *wanted; /* CLASS_WORDS of bits for each letter: the classes it is of; of class 0 is every letter */

    uint32_t members_count, choices_count, options_count, ways_count, wanted_words; /* of the arrays above */
    struct block block; /* in which they lie, when they have been moved there */
};

#define FREE UINT16_MAX
#define LAST (UINT32_C(1) << 31) /* of a way: no other comes after it */
#define WAY_TAKES (UINT32_C(1) << 30) /* of a way: its first instruction takes the letter, and need not be asked */
#define WAY ((UINT32_C(1) << 24) - 1)
#define SEVERAL (UINT32_C(1) << 15) /* the same of a letter of a choice */
#define OPTION_TAKES (UINT32_C(1) << 14)
#define NEAR_WAY (OPTION_TAKES - 1)

/* Bids the processor to have this at hand soon: what is asked of a row lies all over the memory. */
static inline void fetch(const void *place)
{
#ifdef __GNUC__
    __builtin_prefetch(place);
#else
    (void)place;
#endif
}

/* Marks of a letter: the named sets it is in, the indexes in which it says something by itself, those in which it leads groups. */
#define IN_SET(set) (1 << (set))
#define IS_SINGLE(index) (1 << (NAMED_SETS + (index)))
#define LEADS(index) (1 << (NAMED_SETS + INDEXES + (index)))
#define LEAD_ANY (LEADS(FINDS) | LEADS(CUES) | LEADS(PERSONS) | LEADS(BEFORE) | LEADS(STORIES))

/* The bit of a letter in the hint of a group: where it is not set, no match begins with the letter. */
static inline uint64_t hint_of(letter one)
{
    return UINT64_C(1) << (one & 63);
}

/* Where to look first for a letter in a table. */
static inline uint32_t place_of(uint32_t number, uint32_t mask)
{
    return number * UINT32_C(0x9e3779b1) >> 12 & mask;
}

#define FOURFOLD UINT64_C(0x0001000100010001)

/* The place of a set where a letter stands, if it holds it. */
static inline const uint64_t *member_of(const struct tables *tables, uint32_t set, letter one)
{
    return tables->members + ((set & (set - 1)) >> 1) + place_of(one, (set & -set) - 1);
}

/* Whether a set holds a letter: it is one of the four in its place. Asked so often that it is answered without a branch. */
static inline bool holds(const struct tables *tables, uint32_t set, letter one)
{
    uint64_t unlike = *member_of(tables, set, one) ^ one * FOURFOLD;
    return (unlike - FOURFOLD) & ~unlike & FOURFOLD << 15;
}

/* The place of a choice where a letter stands, if no other is in its way. */
static inline const uint32_t *first_option(const struct tables *tables, const struct choice *choice, letter one)
{
    return tables->options + choice->places + place_of(one, choice->mask);
}

/* The place of a choice where a letter stands, or NULL. */
static inline const uint32_t *option_of(const struct tables *tables, const struct choice *choice, letter one)
{
    const uint32_t *places = tables->options + choice->places;
    for (uint32_t i = place_of(one, choice->mask); places[i] != NONE; i = (i + 1) & choice->mask)
        if (places[i] >> 16 == one)
            return &places[i];
    return NULL;
}

/* ---- what one call works with ---- */

/* An array that grows; `failed` of the scratch tells that it could not. */
struct pile {
    void *items;
    size_t count, room;
};

struct match {
    int32_t start, end, what, value; /* value: where its number stands, or -1 */
};

struct hit {
    int32_t start, end, find, value, order;
    bool dropped;
};

struct found {
    int32_t start, end, order;
    const struct cue *cue;
    bool forward, backward; /* of the cue, but for a tick box, which the line turns */
    int32_t low, high; /* joints before and behind it, beyond which another thing is told */
    bool own_behind, own_ahead; /* it is of something in its own part of the sentence: of nothing before the comma, behind the next */
};

/* A place to come back to when the way taken fails. */
struct back {
    uint32_t at;            /* the instruction */
    int32_t place;          /* the letter */
    uint32_t frame, frames; /* who called, and how many frames there were */
    int32_t used;           /* letters that a gap has taken; -1: no gap */
    uint32_t rank;          /* of the first number so far */
    int32_t number;         /* and where it stands */
};

/* Where to go on after a shared part, and in whose call that is itself. */
struct frame {
    uint32_t after, parent;
};

/* What was tried in vain: an instruction at a letter, called from a frame. Or, among the frames, a frame. */
struct tried {
    uint32_t at, frame;
    int32_t place;
    uint32_t result;
};

struct memory {
    struct tried *slots; /* at UINT32_MAX: free */
    size_t count, room;  /* room is a power of two */
};

/* A row of letters that is looked at as one, and which letters there are in it. */
struct row {
    const letter *letters;
    int32_t count;
};

/* A group that may match in a row, and where: bits of places at which a match may begin, in a row of no more than PLACES. */
struct candidate {
    uint32_t group;
    uint64_t begins;
};

/* A group that is led by the letter at a place, and from which place on what it needs may stand beside that. */
struct sought {
    uint32_t group;
    int32_t place;
    int32_t first[BESIDE];
};

/* From a place up to another. */
struct reach {
    int32_t from, to;
};

struct scratch {
    const struct tables *tables;
    const struct words *words; /* of a text that is not yet letters (text.h); NULL: there are none */
    struct block block; /* in which lies what has the same size in every call */
    bool failed; /* memory ran out */
    bool is_short; /* the text is a message as short as those from which the points were made */
    bool carer; /* the text is told for a relative, who is the patient */
    bool then, long_ago;   /* what stands before a sentence is told of a moment long ago; the sentence itself is */
    bool late, turned;     /* or it is told of a moment of late, of a turn */

    uint32_t now; /* the number of the row; what a mark below says holds when it is of now */
    uint32_t *letter_seen, *finding_seen;
    uint16_t *letter_index; /* of a letter that was seen: which it is of the letters of the row */
    uint64_t wanted[CLASS_WORDS]; /* bits: the wanted classes of which the row has a letter */
    int32_t *latest; /* of a finding, its last hit kept */
    uint32_t window; /* the number of the window whose points are added up: a feature with this mark was met in it */
    uint32_t *feature_seen;
    int32_t *totals; /* of each finding that has points */
    unsigned marks;  /* of all letters of the row */

    struct page **pages;        /* of characters, as far as they were told */
    struct latin *latin;        /* the characters of one byte, if they were told */
    struct met *met;            /* words whose letters are remembered */
    struct pile small, kinds;   /* character, uint8_t: the text, and of what kind its characters are */
    bool narrow;                /* each of its characters takes one byte */
    struct pile bytes;          /* uint8_t: then, these */
    struct pile heads;          /* int32_t: threes, where headings may stand (written.c) */
    struct pile asked;          /* int32_t: of each word to ask about its number, where it begins, where it ends */

    struct pile text;           /* letter: the words of the text */
    struct pile starts, ends;   /* int32_t: where each word begins and ends in it, in characters */
    struct pile pieces;         /* struct piece (cut.c): of it, that have stops or questions */

    struct pile letters;    /* letter: those of the row, each once */
    struct pile places;     /* uint64_t: of each of these, the bits of its places; in a row of no more than PLACES */
    const uint64_t *classes[PLACES]; /* of each place, the bits of the wanted classes that its letter is of */
    struct pile candidates; /* struct candidate: groups that may match */
    struct pile sought;     /* struct sought */
    struct pile matches;    /* struct match */
    struct pile backs;      /* struct back */
    struct pile frames;     /* struct frame */
    struct memory tried, interned;

    struct pile all;    /* struct hit: every match */
    struct pile senses; /* struct hit: those that are another sense of the words */
    struct pile hits;   /* struct hit: those that stand */
    struct pile likely; /* struct hit: by points */
    struct pile found;  /* struct found */
    struct pile commas; /* int32_t */
    struct pile counts; /* struct counted */
    struct pile told;   /* int32_t: a count, then the numbers of each mention */
    struct pile spoken; /* struct spoken: the sentences (told.h) */
};

/* scratch.c: a pile made larger; NULL without memory. */
void *grown(struct scratch *scratch, struct pile *pile, size_t size);

/* Whether there is room for so many more items at the end of a pile, and for one after them. */
static inline bool room_for(struct scratch *scratch, struct pile *pile, size_t size, size_t more)
{
    while (pile->count + more >= pile->room)
        if (!grown(scratch, pile, size))
            return false;
    return true;
}

/* A new item at the end of a pile, or NULL. */
static inline void *put(struct scratch *scratch, struct pile *pile, size_t size)
{
    if (pile->count == pile->room && !grown(scratch, pile, size))
        return NULL;
    return (char *)pile->items + size * pile->count++;
}

/* match.c: whether a match of a group begins at this place. */
bool match_at(struct scratch *scratch, const struct group *group, struct row row, int32_t place, struct match *match);
/* The letters with which a match from an instruction on begins, each once, into scratch->letters; `any` when that is any letter, or
 * none. False without memory. */
bool begins_of(struct scratch *scratch, uint32_t entry, bool *any);

/* scan.c: all that an index finds in a row, of which stock was taken, into scratch->matches. */
void new_mark(struct scratch *scratch);
void new_row(struct scratch *scratch, struct row row);
void find_matches(struct scratch *scratch, int index, struct row row);

/* How many words before a place in a sentence tell of anything, and how many name a finding. */
struct counted {
    int32_t telling, named;
    uint32_t joint; /* of the word itself, as in parts.c */
};

/* parts.c: holds cues of time to their part of the sentence between commas, where something else is told in it. */
void hold_to_parts(struct scratch *scratch, struct row row, int32_t sentence);

/* context.c: what the words around a mention make of it. */
enum assertion { SAYS_PRESENT, SAYS_ABSENT, SAYS_HISTORICAL, SAYS_FAMILY, SAYS_HYPOTHETICAL, SAYS_UNCERTAIN };
enum onset { ONSET_UNKNOWN, ONSET_NEW, ONSET_LONG_STANDING };

struct verdict {
    enum assertion assertion;
    enum onset onset;
    const struct found *cue;
    bool dropped, bare;
    int now; /* 1: new or going on, 2: of this hour */
};

struct place {
    int32_t start, end;
    bool normal, absence;
    int32_t about;
    bool shared; /* its first word is one of a mention before it */
    bool weighed; /* it is likely by points, of which denial and doubt have theirs */
    int32_t low, high; /* where the statement begins in which it stands, and where it ends */
    int32_t last_or;   /* the last "or" before it, or -1 */
};

struct context {
    const struct found *cues;
    int32_t cues_count;
    const int32_t *commas;
    int32_t commas_count;
    int32_t closing; /* the comma behind the last "or", or -1 */
};

struct context cues_of(struct scratch *scratch, struct row row, int32_t sentence);
struct verdict judge(const struct place *place, const struct context *context);

/* sentence.c: from the matches the hits that stand. */
void settle(struct scratch *scratch, struct row row);
/* Adds to the hits that stand those that are likely. */
void add_likely(struct scratch *scratch);
/* Of hits in order, the first that begins at `start` or later. */
size_t first_hit(const struct pile *pile, int32_t start);

/* points.c: what a sentence of a short message is likely to say, into scratch->likely. */
void weigh(struct scratch *scratch, struct row row);
/* Leaves of that only what no hit of the sentence, nor another sense of its words, makes void. */
void drop_void_likely(struct scratch *scratch);
/* Leaves of what was told of a text by points only what no pattern tells there to be present, absent or uncertain, each finding once. */
void drop_void_told(struct scratch *scratch);

/* scratch.c */
struct scratch *equina_scratch(const struct tables *tables, const struct words *words);
/* What Python tells of a page of characters: the kind of each. False without memory. */
int32_t equina_page(struct scratch *scratch, uint32_t number, const uint8_t *kinds);
/* What Python tells of the characters of one byte: the kind of each, and of which small letter it is read as. False without memory. */
int32_t equina_latin(struct scratch *scratch, const uint8_t *kinds, const uint8_t *small);
void equina_scratch_free(struct scratch *scratch);
void empty_scratch(struct scratch *scratch);

/* begins.c: works out with what each group begins. */
bool add_beginnings(struct tables *tables);

/* choice.c: puts a choice by the next letter in the place of rows of splits. */
bool add_choices(struct tables *tables);

/* leads.c: works out what stands under each letter: the groups it leads, the sets it helps to have. */
bool add_leads(struct tables *tables);

/* block.c: a block of so many bytes; how many of these some bytes take; zeros behind what it holds; some bytes moved there, their old place
 * freed. */
bool begin_block(struct block *block, size_t bytes);
size_t room_in_block(size_t bytes);
void *room_of(struct block *block, size_t bytes);
void *move_in(struct block *block, void *items, size_t bytes);

/* members.c: works out in which place of its set each letter is; from then on `holds` may be asked. */
bool add_members(struct tables *tables);

/* words.c: the words of a lexicon, as words.py gives them. */
struct words *equina_words(const struct tables *tables, const int32_t *given, int64_t count, const double *ends, int64_t ends_count);
void equina_words_free(struct words *words);

/* tables.c */
struct tables *equina_tables(const int32_t *given, int64_t count);
void equina_tables_free(struct tables *tables);

/* spelled.c: the words of a text that are letters already, as tests give them. False when they are not that, or without memory. */
bool take_words(struct scratch *scratch, const letter *spelled, int64_t count);

/* read.c */
const char *equina_sources(void);
const int32_t *equina_read(struct scratch *scratch, const letter *spelled, int64_t count, int32_t message);
int64_t equina_note(struct scratch *scratch, const void *text, int64_t count, int32_t width, int32_t how, const int32_t **told);
int64_t equina_letters(const struct scratch *scratch, const letter **letters, const int32_t **starts, const int32_t **ends);
int64_t equina_answered(struct scratch *scratch, const letter *letters, int64_t count, int32_t how, const int32_t **told);

#endif
