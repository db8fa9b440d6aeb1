# Prints what the changelog says of a version, for its release:
#
#   awk -v version=1.2.3 -f .github/release-notes.awk CHANGELOG.md
#
# Each entry and each paragraph is one line: in a release, GitHub shows the end of a line as a line break.

/^## / { inside = index($0, "## [" version "] - ") == 1; next }
!inside || /^\[[^]]+\]: / { next }
/^ *$/ { blank = "\n"; next }
{
	begins = blank != "" || /^ *[#-]/
	if (!begins) sub(/^ */, "")
	notes = notes (notes == "" ? "" : begins ? blank "\n" : " ") $0
	blank = ""
}
END {
	if (notes == "") {
		print "CHANGELOG.md says nothing of " version ": its section begins with \"## [" version "] - \" and the date" > "/dev/stderr"
		exit 1
	}
	print notes
}
