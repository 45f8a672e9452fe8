#include "app/environment_table.h"

static option option_of(dq_environment_options *o, const dq_choice *c)
{
    static const option_kind kinds[] = {[DQ_CHOICE_COUNT] = OPTION_INT,
                                        [DQ_CHOICE_SWITCH] = OPTION_ON,
                                        [DQ_CHOICE_SHARE] = OPTION_NUMBER,
                                        [DQ_CHOICE_POOL] = OPTION_WORD};
    return (option){.name = c->name,
                    .kind = kinds[c->type],
                    .to = (char *)o + c->offset,
                    .value = c->value,
                    .help = c->help,
                    .low = c->low,
                    .high = c->type == DQ_CHOICE_SHARE ? 1 : c->high};
}

size_t environment_options_table(dq_environment_options *o, option *table)
{
    size_t n = 0;
    const dq_choice *c;
    for (size_t i = 0; (c = dq_environment_option_at(i)); i++) {
        table[n++] = option_of(o, c);
        if (!c->no_name)
            continue;
        table[n] = table[n - 1];
        table[n].name = c->no_name;
        table[n].kind = OPTION_OFF;
        table[n++].help = c->no_help;
    }
    return n;
}
