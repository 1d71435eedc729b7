/* The characters of a text, and of what kind each is. */
#include "text.h"

/* Takes in characters of one byte, or of four. `page`: which must be told before. */
enum taken take_characters(struct scratch *scratch, const void *text, int64_t count, int32_t width, uint32_t *page)
{
    scratch->small.count = scratch->kinds.count = 0;
    scratch->narrow = width == 1;
    if (!room_for(scratch, &scratch->small, sizeof(character), (size_t)count + BEHIND) || !room_for(scratch, &scratch->kinds, 1, (size_t)count))
        return NO_MEMORY;
    character *small = scratch->small.items;
    uint8_t *kinds = scratch->kinds.items;
    for (int64_t i = 0; i < count; i++) {
        character one = width == 1 ? ((const uint8_t *)text)[i] : ((const character *)text)[i];
        const struct page *known = one < PAGE * PAGES ? scratch->pages[one / PAGE] : NULL;
        if (!known) {
            *page = one / PAGE;
            return NO_PAGE;
        }
        small[i] = one;
        kinds[i] = known->kind[one % PAGE];
    }
    scratch->small.count = scratch->kinds.count = (size_t)count;
    return TAKEN;
}
