# cmake -DNAME=pong -DIMAGE=pong.bin -DOUT=rom_pong.c -P EmbedRom.cmake: a cartridge as a C array.
file(READ ${IMAGE} hex HEX)
file(SIZE ${IMAGE} bytes)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUT} "#include \"env/homebrew.h\"

const unsigned char dq_rom_${NAME}[${bytes}] = {
${hex}};
")
