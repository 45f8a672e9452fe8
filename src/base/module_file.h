/** Modules: parts of deepq in files of their own, which are loaded when they are needed, so that
 * one program works with and without the libraries that they need. */
#ifndef DEEPQ_BASE_MODULE_FILE_H
#define DEEPQ_BASE_MODULE_FILE_H

#include <stdbool.h>

enum { DQ_MODULE_PATH = 4096 };

/** Find a module: beside the program, beside the library, or where `make install` puts it.
 *  @param name of its file, "libdeepq_cuda.so" */
bool dq_module_find(const char *name, char path[DQ_MODULE_PATH]);

#endif
