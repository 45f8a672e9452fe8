/** The files of the page, which are part of the program (cmake/EmbedPage.cmake). */
#ifndef DEEPQ_WEB_PAGE_FILES_H
#define DEEPQ_WEB_PAGE_FILES_H

#include <stddef.h>

typedef struct dq_page_file {
    const char *path;  // that a browser asks for, "/page.js"
    const char *type;  // "text/javascript; charset=utf-8"
    const unsigned char *bytes;
    size_t n;
} dq_page_file;

extern const dq_page_file dq_page_files[];
extern const size_t dq_n_page_files;

#endif
