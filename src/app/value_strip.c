#include "app/value_strip.h"

#include <stdlib.h>
#include <string.h>

#include "app/action_values.h"
#include "app/canvas.h"
#include "base/error.h"

enum { MANY = 6 };  // actions, of which more are in two columns
enum { MARGIN = 2, ROW = CANVAS_LETTER_ROWS + 2 };

/** Background, other actions, the bar of the taken one, its name: colours of an NTSC console too.
 */
static const colour colours[] = {
    {{0, 0, 0}}, {{142, 142, 142}}, {{92, 186, 92}}, {{236, 236, 236}}};

struct value_strip {
    action_values actions;
    canvas both;
};

dq_status value_strip_create(value_strip **out, const dq_env_spec *spec)
{
    value_strip *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return dq_fail(DQ_ERR_NOMEM, "no memory for bars");
    action_values_init(&s->actions, spec);
    return DQ_OK;
}

void value_strip_destroy(value_strip *s)
{
    if (!s)
        return;
    free(s->both.pixels);
    free(s);
}

void value_strip_take(value_strip *s, int action, const float *values)
{
    action_values_take(&s->actions, action, values);
}

const uint8_t *value_strip_colours(size_t *n)
{
    *n = DQ_COUNT(colours);
    return colours[0].rgb;
}

/** Name and bar of an action, from x to `right`. */
static void draw_action(const value_strip *s, int action, int x, int right, int y)
{
    char text[16];
    const action_values *v = &s->actions;
    bool is_taken = action == v->action;
    canvas_print(&s->both, x, y, 1, colours[is_taken ? 3 : 1], action_values_name(v, action, text));
    int begin = x + CANVAS_ADVANCE * v->name_width + MARGIN;
    int filled = (int)(action_values_part(v, action) * (right - begin) + 0.5);
    canvas_fill(&s->both, begin, y, begin + filled - 1, y + CANVAS_LETTER_ROWS - 1,
                colours[is_taken ? 2 : 1]);
}

static void draw_strip(const value_strip *s, int top)
{
    const canvas *c = &s->both;
    int across = s->actions.n > MANY ? 2 : 1, width = c->width / across;
    canvas_fill(c, 0, top, c->width - 1, c->height - 1, colours[0]);
    for (int a = 0; a < s->actions.n; a++) {
        int x = a % across * width, y = top + MARGIN + a / across * ROW;
        draw_action(s, a, x + MARGIN, x + width - MARGIN, y);
    }
}

static dq_status fit(value_strip *s, const dq_image *image)
{
    int n_rows = s->actions.n > MANY ? (s->actions.n + 1) / 2 : s->actions.n;
    int height = image->height + MARGIN + n_rows * ROW;
    if (s->both.pixels && s->both.width == image->width && s->both.height == height)
        return DQ_OK;
    free(s->both.pixels);
    s->both = (canvas){malloc((size_t)image->width * (size_t)height * 3), image->width, height};
    return s->both.pixels ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for a picture");
}

dq_status value_strip_join(value_strip *s, dq_image *image)
{
    DQ_TRY(fit(s, image));
    memcpy(s->both.pixels, image->pixels, (size_t)image->width * (size_t)image->height * 3);
    draw_strip(s, image->height);
    *image = (dq_image){s->both.pixels, s->both.width, s->both.height};
    return DQ_OK;
}
