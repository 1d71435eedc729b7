/* A text, sentence by sentence: what each says of findings (reading.py, sentence.py). */
#include "told.h"

#define ANSWER 12  /* words behind a question in which its answer is looked for */
#define REMARK 16  /* words of a sentence that says of the one before that it is old, or answers it */
#define NEAR 3     /* words between a sentence and the remark on it */
#define FURTHER 24 /* the same, of a remark on all that was told */
#define OPENING 40 /* words in which a carer says for whom */
#define LONGEST 80 /* words of the longest match */
#define LONG_TEXT 400 /* words of a text in which points are of no account */

#ifndef SOURCES
#define SOURCES "unknown"
#endif

/* Of what sources this library is: their digest (hatch_build.py). */
const char *equina_sources(void)
{
    return SOURCES;
}

/* Whether something of this kind is said of who writes, and begins before the word `before`. */
static bool says_kind(struct scratch *scratch, struct row row, int32_t kind, int32_t before)
{
    new_row(scratch, row);
    find_matches(scratch, PERSONS, row);
    const struct match *matches = scratch->matches.items;
    for (size_t i = 0; i < scratch->matches.count; i++)
        if (scratch->tables->cues[matches[i].what].kind == kind && matches[i].start < before)
            return true;
    return false;
}

static bool names_relatives(const struct scratch *scratch, struct row text)
{
    for (int32_t i = 0; i < text.count; i++)
        if (scratch->tables->known[text.letters[i]].marks & IN_SET(SET_CARERS))
            return true;
    return false;
}

/* Whether a text is told for a relative, and begins with that: then the relative is the patient. */
static bool told_of_a_relative(struct scratch *scratch, struct row text)
{
    struct row opening = {text.letters, text.count < OPENING + LONGEST ? text.count : OPENING + LONGEST};
    return says_kind(scratch, opening, CARER, OPENING) && !says_kind(scratch, text, SELF, text.count);
}

void place_words(const struct scratch *scratch, int32_t start, int32_t end, int32_t *numbers)
{
    int32_t words = (int32_t)scratch->text.count - 1, last = (end < words ? end : words) - 1;
    numbers[0] = ((const int32_t *)scratch->starts.items)[start];
    numbers[1] = ((const int32_t *)scratch->ends.items)[last < 0 ? 0 : last];
}

static void tell(struct scratch *scratch, const struct hit *hit, const struct verdict *verdict, int32_t begin)
{
    int32_t numbers[NUMBERS] = {0, 0, hit->find, 0, -1, -1, -1, -1};
    place_words(scratch, begin + hit->start, begin + hit->end, numbers);
    numbers[VERDICT] = (int32_t)verdict->assertion | (int32_t)verdict->onset << 3;
    numbers[VERDICT] |= (verdict->bare ? BARE : 0) | (verdict->now == 2 ? OF_THIS_HOUR : verdict->now ? IS_NOW : 0);
    if (verdict->cue)
        place_words(scratch, begin + verdict->cue->start, begin + verdict->cue->end, numbers + 4);
    if (hit->value >= 0)
        place_words(scratch, begin + hit->value, begin + hit->value + 1, numbers + 6);
    for (int i = 0; i < NUMBERS; i++) {
        int32_t *number = put(scratch, &scratch->told, sizeof *number);
        if (!number)
            return;
        *number = numbers[i];
    }
}

/* Where a letter of a named set stands last before a place; -1: nowhere. */
static int32_t last_of(const struct tables *tables, int set, struct row row, int32_t place)
{
    while (--place >= 0 && !(tables->known[row.letters[place]].marks & IN_SET(set)))
        continue;
    return place;
}

/* Where a letter of some sets, by their marks, stands first from a place on, in a row up to `end`; INT32_MAX: nowhere. */
static int32_t first_of(const struct tables *tables, uint32_t sets, struct row row, int32_t place, int32_t end)
{
    for (; place < end; place++)
        if (tables->known[row.letters[place]].marks & sets)
            return place;
    return INT32_MAX;
}

/* Whether the first word of a hit is one of a mention before it, or right behind it. */
static bool shares_its_start(const struct tables *tables, const struct hit *hits, size_t at)
{
    for (size_t i = at; i-- && hits[i].start + LONGEST > hits[at].start;)
        if (hits[i].start < hits[at].start && hits[at].start <= hits[i].end && !tables->finds[hits[i].find].likely)
            return true;
    return false;
}

/* Tells what a sentence says: the letters from `begin` to before `end`, and those behind that may answer it. */
static void read_sentence(struct scratch *scratch, struct row text, int32_t begin, int32_t end)
{
    const struct tables *tables = scratch->tables;
    struct row row = {text.letters + begin, end - begin};
    new_row(scratch, row);
    find_matches(scratch, FINDS, row);
    scratch->hits.count = scratch->senses.count = 0;
    if (scratch->matches.count)
        settle(scratch, row);
    weigh(scratch, row);
    if (scratch->failed)
        return;
    if (scratch->matches.count && scratch->likely.count)
        drop_void_likely(scratch);
    if (!scratch->hits.count && !scratch->likely.count)
        return;
    bool named = scratch->hits.count; /* then what is likely shapes no context: sentence.py */
    if (!named)
        add_likely(scratch);
    if (tables->known[text.letters[end - 1]].marks & IN_SET(SET_QUESTION)) {
        row.count += text.count - end < ANSWER ? text.count - end : ANSWER;
        new_row(scratch, row);
    }
    struct context context = cues_of(scratch, row, end - begin);
    if (named)
        add_likely(scratch);
    const struct hit *hits = scratch->hits.items;
    for (size_t i = 0; i < scratch->hits.count && !scratch->failed; i++) {
        const struct find *find = &tables->finds[hits[i].find];
        bool absence = tables->known[row.letters[hits[i].start]].marks & IN_SET(SET_ABSENCES);
        bool shared = find->normal && shares_its_start(tables, hits, i);
        bool takes_the_end = hits[i].end == end - begin && hits[i].end > hits[i].start + 1; /* no word: an answer stands behind "?" */
        struct place place = {hits[i].start, hits[i].end - takes_the_end, find->normal, absence, find->kind, shared, find->likely,
                              last_of(tables, SET_PARTING, row, hits[i].start),
                              first_of(tables, IN_SET(SET_PARTING) | IN_SET(SET_ORS), row, hits[i].end, end - begin),
                              last_of(tables, SET_ORS, row, hits[i].start)};
        struct verdict verdict = judge(&place, &context);
        if (!verdict.dropped)
            tell(scratch, &hits[i], &verdict, begin);
    }
}

/* Whether a sentence of so many words may be a remark on those before it, and what it remarks. `then`: they told of a moment long ago. */
static uint64_t remarks(struct scratch *scratch, struct row text, int32_t begin, int32_t end, bool then)
{
    if (scratch->told.count <= 1 || end - begin >= REMARK)
        return 0;
    find_matches(scratch, BEFORE, (struct row){text.letters + begin, end - begin + 1});
    return remarks_in(scratch, end - begin, then);
}

/* Says of the mentions from `first` to before `end` that they are as they long were. */
static void say_as_before(struct scratch *scratch, size_t first, size_t end)
{
    int32_t *told = scratch->told.items;
    for (size_t i = first; i < end; i += NUMBERS)
        told[i + VERDICT] |= AS_BEFORE;
}

/* Takes that back. */
static void say_not_as_before(struct scratch *scratch, size_t first, size_t end)
{
    int32_t *told = scratch->told.items;
    for (size_t i = first; i < end; i += NUMBERS)
        told[i + VERDICT] &= ~AS_BEFORE;
}

/* What the last remark aged: the mentions from the first to before the end; and where it ended. */
struct aged {
    size_t first, end;
    int32_t at;
};

/* A remark on all that was told, or on the last sentence of it. */
static struct aged age(struct scratch *scratch, struct aged aged, uint64_t said, int32_t away, size_t first, size_t all, size_t already, int32_t end)
{
    bool one = away < NEAR && said & BIT(STILL) && !(said & BIT(DIFFERS));
    bool every = away < FURTHER && said & BIT(ALL_STILL) && !(said & BIT(DIFFERS));
    if (one)
        say_as_before(scratch, first, already);
    if (every)
        say_as_before(scratch, all, already);
    return one || every ? (struct aged){every ? all : first, already, end} : aged;
}

static void read_text(struct scratch *scratch, struct row text, bool message)
{
    const struct tables *tables = scratch->tables;
    int32_t begin = 0;
    size_t last = 1;   /* in `told`, the mentions of the last sentence that had any */
    size_t other = 1;  /* and of the one before that */
    int32_t ended = 0; /* and where that ended */
    bool long_ago = false, of_then = false; /* it told of a moment long ago; it did, or refers to one */
    struct before before = {.question = false};
    bool late = false, other_late = false; /* it told of something of late; the one before that did */
    struct aged aged = {1, 1, -NEAR};
    for (int32_t i = 0; i < text.count && !scratch->failed; i++) {
        if (!(tables->known[text.letters[i]].marks & IN_SET(SET_ENDS)))
            continue;
        size_t already = scratch->told.count, spoken_of = last, all = other_late ? last : other;
        scratch->then = long_ago && begin - ended < NEAR;
        scratch->long_ago = scratch->late = scratch->turned = false;
        read_sentence(scratch, text, begin, i + 1);
        int32_t away = begin - ended;
        if (scratch->told.count > already) {
            other = last;
            last = already;
            long_ago = scratch->long_ago;
            other_late = late;
            late = scratch->late || scratch->turned;
            of_then = long_ago || (scratch->then && !late);
            ended = i;
        }
        uint64_t said = remarks(scratch, text, begin, i, of_then);
        aged = age(scratch, aged, said, away, spoken_of, all, already, i);
        if (begin - aged.at < NEAR && aged.at < begin && said & BIT(DIFFERS))
            say_not_as_before(scratch, aged.first, aged.end);
        if (said & BIT(SAME) && !(said & BIT(DIFFERS)))
            say_as_before(scratch, names_itself(scratch, already, begin) ? spoken_of : already, scratch->told.count);
        if (said && before.first)
            answer(scratch, text, &before, begin, i, already, said);
        bool question = tables->known[text.letters[i]].marks & IN_SET(SET_QUESTION);
        if (i > begin) {
            struct spoken *spoken = put(scratch, &scratch->spoken, sizeof *spoken);
            if (!spoken)
                return;
            *spoken = (struct spoken){begin, i, already, scratch->told.count, {-1, -1}};
            before = following(&before, begin, i, already, scratch->told.count, question);
        }
        begin = i + 1;
    }
    if (message && !scratch->carer && scratch->told.count > 1 && !scratch->failed)
        retell(scratch, text);
    if (scratch->is_short && !scratch->failed) {
        judge_by_words_around(scratch, text);
        drop_void_told(scratch);
    }
}

/* What the words of the text say: how many numbers follow, then NUMBERS for each mention, in the order of the text. They stay until
 * the next call with this scratch. NULL: memory ran out. */
static const int32_t *say(struct scratch *scratch, bool message)
{
    struct row text = {scratch->text.items, (int32_t)scratch->text.count};
    scratch->told.count = scratch->spoken.count = 0;
    put(scratch, &scratch->told, sizeof(int32_t));
    scratch->carer = message && !scratch->failed && names_relatives(scratch, text) && told_of_a_relative(scratch, text);
    scratch->is_short = message && text.count <= LONG_TEXT;
    if (!scratch->failed)
        read_text(scratch, text, message);
    if (scratch->failed)
        return NULL;
    int32_t *told = scratch->told.items;
    *told = (int32_t)scratch->told.count - 1;
    return told;
}

/* The same of letters by themselves, as spelled.c takes them. NULL also when they are not that. */
const int32_t *equina_read(struct scratch *scratch, const letter *spelled, int64_t count, int32_t message)
{
    scratch->failed = false;
    return take_words(scratch, spelled, count) ? say(scratch, message) : NULL;
}

/* Says why there is no answer yet. */
static const int32_t *instead(struct scratch *scratch, int32_t why, int32_t which)
{
    scratch->told.count = 0;
    int32_t *first = put(scratch, &scratch->told, sizeof *first), *second = put(scratch, &scratch->told, sizeof *second);
    if (!second)
        return NULL;
    first = scratch->told.items;
    first[0] = why;
    first[1] = which;
    return first;
}

/* The words to ask about: how many numbers follow, then they. */
static const int32_t *ask(struct scratch *scratch)
{
    int32_t *asked = scratch->asked.items;
    asked[0] = WANTS_LETTERS;
    asked[1] = (int32_t)scratch->asked.count - 2;
    return asked;
}

/* Whether a text of so many characters can be read with this scratch, which begins anew. */
static bool begins(struct scratch *scratch, int64_t count)
{
    scratch->failed = scratch->carer = false;
    return scratch->words && count >= 0 && count <= INT32_MAX / 8;
}

/* What the text says that was taken in. */
static const int32_t *read_taken(struct scratch *scratch, int32_t how)
{
    if (!(how & PLAINLY_READ) && is_doubtful(scratch))
        return instead(scratch, DOUBTS, 0);
    cut(scratch);
    if (scratch->failed)
        return NULL;
    return scratch->asked.count > 2 ? ask(scratch) : say(scratch, how & IS_MESSAGE);
}

static const int32_t *read_note(struct scratch *scratch, const void *text, int64_t count, int32_t width, int32_t how)
{
    uint32_t page = 0;
    if (!begins(scratch, count))
        return NULL;
    switch (take_characters(scratch, text, count, width, &page)) {
    case NO_MEMORY:
        return NULL;
    case NO_PAGE:
        return page < PAGES ? instead(scratch, WANTS_PAGE, (int32_t)page) : NULL;
    case TAKEN:
        break;
    }
    return read_taken(scratch, how);
}

/* The same of a text as it was written, if that is plainly all there is to know: it is no form. */
static const int32_t *read_written(struct scratch *scratch, const uint8_t *text, int64_t count, struct seen *seen)
{
    if (!begins(scratch, count))
        return NULL;
    if (!scratch->latin)
        return instead(scratch, LEAVES_IT, 0);
    if (!take_written(scratch, text, count))
        return NULL;
    *seen = (struct seen){NULL, scratch->heads.items, (int32_t)scratch->heads.count, equina_looks(text, count)};
    if (seen->looks & ~(uint32_t)SEES_HISTORY)
        return instead(scratch, LEAVES_IT, 0);
    return read_taken(scratch, scratch->heads.count ? 0 : IS_MESSAGE);
}

/* Gives the numbers, and how many there are. */
static int64_t hand_over(const int32_t *given, const int32_t **told)
{
    if (!given)
        return FAILS_TO_READ;
    *told = given + 1;
    return *given;
}

/* What a text says: characters of one byte or of four. In place of a count one of the numbers below 0: what is missing. */
int64_t equina_note(struct scratch *scratch, const void *text, int64_t count, int32_t width, int32_t how, const int32_t **told)
{
    return hand_over(read_note(scratch, text, count, width, how), told);
}

int64_t equina_written(struct scratch *scratch, const uint8_t *text, int64_t count, struct seen *seen)
{
    *seen = (struct seen){NULL, NULL, 0, SEES_ALL};
    return hand_over(read_written(scratch, text, count, seen), &seen->told);
}

/* The same, now that the letters of the words that were asked about are here. */
int64_t equina_answered(struct scratch *scratch, const letter *letters, int64_t count, int32_t how, const int32_t **told)
{
    const int32_t *asked = scratch->asked.items;
    if (!asked || scratch->failed || count < 0 || (size_t)count * 3 + 2 != scratch->asked.count)
        return FAILS_TO_READ;
    for (int64_t i = 0; i < count; i++) {
        if (letters[i] >= scratch->tables->limit)
            return FAILS_TO_READ;
        ((letter *)scratch->text.items)[asked[3 * i + 2]] = letters[i];
    }
    return hand_over(say(scratch, how & IS_MESSAGE), told);
}

/* The letters of the last text and where its words begin and end in it, for tests; gives how many. */
int64_t equina_letters(const struct scratch *scratch, const letter **letters, const int32_t **starts, const int32_t **ends)
{
    *letters = scratch->text.items;
    *starts = scratch->starts.items;
    *ends = scratch->ends.items;
    return (int64_t)scratch->text.count;
}
