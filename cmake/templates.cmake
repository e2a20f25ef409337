# Turns the files below INPUT into the table OUTPUT: {"code", "NAME.c", bytes, length}.
file(GLOB_RECURSE files RELATIVE ${INPUT} ${INPUT}/*.in)
list(SORT files)
set(arrays "")
set(rows "")
set(at 0)
foreach(file ${files})
  file(READ ${INPUT}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  cmake_path(GET file PARENT_PATH kind)
  cmake_path(GET file FILENAME name)
  string(REGEX REPLACE "\\.in$" "" name ${name})
  string(APPEND arrays "static const unsigned char t${at}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${kind}\", \"${name}\", (const char *)t${at}, sizeof(t${at})},\n")
  math(EXPR at "${at} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"sdk/cli/template.h\"\n${arrays}
const struct template_file template_files[] = {\n${rows}};
const size_t template_file_count = ${at};\n")
