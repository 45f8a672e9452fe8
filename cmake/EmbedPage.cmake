# cmake -DFILES="index.html;page.js" -DOUT=page_files.c -P EmbedPage.cmake: files as C arrays, and the
# table of page_files.h. index.html is "/", the others "/NAME".
set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")
set(arrays)
set(rows)
set(i 0)
foreach(file ${FILES})
  file(READ ${file} hex HEX)
  file(SIZE ${file} bytes)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  get_filename_component(name ${file} NAME)
  string(REGEX REPLACE "^.*\\." "" ending ${name})
  string(REGEX REPLACE "^index.html$" "" name ${name})
  string(APPEND arrays "static const unsigned char file_${i}[] = {\n${hex}};\n")
  string(APPEND rows "    {\"/${name}\", \"${type_${ending}}\", file_${i}, ${bytes}},\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "#include \"web/page_files.h\"\n\n${arrays}
const dq_page_file dq_page_files[] = {\n${rows}};
const size_t dq_n_page_files = ${i};\n")
