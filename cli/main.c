#include "cli/verbs.h"

int main(int argc, char *argv[])
{
    struct output output;
    output_init(&output);
    return output_finish(&output, verbs_run(argc, argv, &output));
}
