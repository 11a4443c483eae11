package web

import (
	"bytes"
	"io/fs"
)

// replaced is a folder in which some files have other contents.
type replaced struct {
	fs.FS
	contents map[string][]byte // by name
}

func (r replaced) Open(name string) (fs.File, error) {
	file, err := r.FS.Open(name)
	content, ok := r.contents[name]
	if err != nil || !ok {
		return file, err
	}
	return contentFile{file, bytes.NewReader(content)}, nil
}

// contentFile is a file with another content, which can be read again.
type contentFile struct {
	fs.File
	*bytes.Reader
}

func (f contentFile) Read(p []byte) (int, error) { return f.Reader.Read(p) }

func (f contentFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return resized{info, f.Reader.Size()}, err
}

type resized struct {
	fs.FileInfo
	size int64
}

func (r resized) Size() int64 { return r.size }
