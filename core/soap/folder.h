/* core/soap/folder.h
 *
 * The documents of a WSDL from a folder on disk. What is a link out of the folder, no regular file, or too
 * large is refused. Any thread.
 */
#pragma once

#include "soap/schema_load.h"

struct soap_folder {
	char *root; /* its real path */
	size_t file_max;
};

/* Splits the path of a WSDL into the folder that its documents may come from, `levels` above the file's own,
 * and the path in it. Free with soap_folder_finish; *ret_path too. */
int soap_folder_of(const char *wsdl, int levels, struct soap_folder *ret, char **ret_path,
		   struct error *reterr);
void soap_folder_finish(struct soap_folder *folder);

/* The folder as a source of files; it must outlive the result. */
struct soap_files soap_folder_files(struct soap_folder *folder);
