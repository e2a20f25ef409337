# Turns the bytes of INPUT into OUTPUT.c and OUTPUT.h: `const unsigned char NAME[]`, `NAME_len`.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR len "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT}.h "#include <stddef.h>\nextern const unsigned char ${NAME}[${len}];\nextern const size_t ${NAME}_len;\n")
file(WRITE ${OUTPUT}.c "#include \"${NAME}.h\"\nconst unsigned char ${NAME}[${len}] = {${bytes}};\nconst size_t ${NAME}_len = ${len};\n")
