#include "app/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/figure_cairo.h"
#include "base/atomic_file.h"
#include "base/error.h"

/** A field of a CSV file (RFC 4180): in quotes where it has a comma or a quote. */
static void write_field(dq_writer *w, const char *text)
{
    if (!strpbrk(text, ",\"\n")) {
        dq_write(w, text, strlen(text));
        return;
    }
    dq_write(w, "\"", 1);
    for (; *text; text++)
        dq_write(w, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    dq_write(w, "\"", 1);
}

/** A number and what is before it; nothing for NAN. */
static void write_number(dq_writer *w, const char *before, double number)
{
    char text[64] = "";
    if (!isnan(number))
        snprintf(text, sizeof(text), "%.10g", number);
    dq_write(w, before, strlen(before));
    dq_write(w, text, strlen(text));
}

static void write_curve(dq_writer *w, const figure *f, const figure_panel *panel,
                        const figure_curve *c)
{
    const figure_entry *entry = &f->entries[c->entry];
    for (size_t i = 0; i < c->n; i++) {
        const figure_point *p = &c->points[i];
        if (isnan(p->y))
            continue;
        write_field(w, panel->title);
        dq_write(w, ",", 1);
        write_field(w, entry->text);
        write_number(w, ",", entry->kind == FIGURE_LEVEL ? NAN : p->x);
        write_number(w, ",", p->y);
        write_number(w, ",", p->low);
        write_number(w, ",", p->high);
        write_number(w, ",", (double)p->n_runs);
        dq_write(w, "\n", 1);
    }
}

static void write_csv(dq_writer *w, const figure *f)
{
    static const char head[] = "env,curve,step,value,low,high,runs\n";
    dq_write(w, head, sizeof(head) - 1);
    for (size_t i = 0; i < f->n_panels; i++)
        for (size_t k = 0; k < f->panels[i].n; k++)
            write_curve(w, f, &f->panels[i], &f->panels[i].curves[k]);
}

dq_status figure_check(figure_format format)
{
    if (format == FIGURE_CSV || DEEPQ_WITH_CAIRO)
        return DQ_OK;
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "this build draws no pictures: install libcairo2-dev and build deepq again, or "
                   "write the numbers with --csv FILE");
}

#if !DEEPQ_WITH_CAIRO
dq_status figure_draw(const figure *f, figure_format format, dq_writer *w)
{
    (void)f, (void)w;
    return figure_check(format);
}
#endif

dq_status figure_write(const figure *f, figure_format format, const char *path)
{
    dq_writer *w;
    dq_status st = DQ_OK;
    DQ_TRY(dq_file_writer_create(&w, path));
    if (format == FIGURE_CSV)
        write_csv(w, f);
    else
        st = figure_draw(f, format, w);
    if (st == DQ_OK)
        return dq_file_commit(w, 0);
    dq_file_abandon(w);
    return st;
}
