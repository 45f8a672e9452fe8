/** Command-line options, the same way in every command: GNU long options (--name VALUE,
 *  --name=VALUE, unique beginnings), single letters, operands anywhere, `--`, and --help made from
 *  the same table. */
#ifndef DEEPQ_APP_OPTIONS_H
#define DEEPQ_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum option_kind {
    OPTION_FLAG,   // bool
    OPTION_ON,     // int: 1
    OPTION_OFF,    // int: 0
    OPTION_WORD,   // int: which of the words that `value` has between '|'
    OPTION_TEXT,   // const char *
    OPTION_LIST,   // option_list: may be given many times
    OPTION_INT,    // int64_t within low..high
    OPTION_UINT,   // uint64_t
    OPTION_NUMBER  // double within low..high
} option_kind;

enum { OPTION_LIST_MAX = 64 };
typedef struct option_list {
    const char *values[OPTION_LIST_MAX];
    size_t n;
} option_list;

typedef struct option {
    const char *name;  // without the dashes
    char letter;       // 0: none
    option_kind kind;
    void *to;           // where the value goes; it holds the default before
    const char *value;  // what --help calls the value, "N"
    const char *help;
    double low, high;  // inclusive
} option;

typedef struct option_syntax {
    const char *command;   // "play"
    const char *operands;  // "FILE...", "" for none
    int min_operands, max_operands;
    const char *about;     // what the command does
    const char *examples;  // lines, each ending with a newline
    const option *options;
    size_t n_options;
    const char *more_title;  // of a second group of options; NULL: there is none
    const option *more;
    size_t n_more;
} option_syntax;

/** Fill in the values and move the operands to argv[0 .. *n_operands-1].
 *  @return true; false after printing help or an error: the command then returns *exit_status */
bool options_parse(const option_syntax *syntax, int argc, char **argv, int *n_operands,
                   int *exit_status);

#endif
