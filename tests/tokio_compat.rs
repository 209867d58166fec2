//! The adapters for tokio with the traits of `futures::io`, by `compat` of tokio-util.
#![cfg(feature = "tokio")]

mod common;

use common::{compress_all, text};
use futures::executor::block_on;
use futures::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Cursor};
use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamReader, Lz4StreamWriter};
use lz4_stream::{CompressOptions, DecompressOptions};
use tokio_util::compat::{
    FuturesAsyncReadCompatExt, FuturesAsyncWriteCompatExt, TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt,
};

#[test]
fn futures_io_in_and_out() {
    let all = text(1, 300_000);
    for page_size in [1000, 65_536] {
        let options = CompressOptions::new().page_size(page_size).end_mark(true);
        let expected = compress_all(&options, &all);
        block_on(async {
            let inner = Cursor::new(Vec::new()).compat_write();
            let mut writer = Lz4StreamWriter::with_options(inner, &options).unwrap().compat_write();
            for piece in all.chunks(7777) {
                writer.write_all(piece).await.unwrap();
            }
            writer.close().await.unwrap();
            let stream = writer.into_inner().into_inner().into_inner().into_inner();
            assert!(stream == expected);

            let options = DecompressOptions::new().end_mark(true);
            let mut out = Vec::new();
            let inner = Cursor::new(&stream).compat();
            let reader = Lz4StreamReader::with_options(inner, &options).unwrap();
            reader.compat().read_to_end(&mut out).await.unwrap();
            assert!(out == all);

            let inner = BufReader::with_capacity(100, Cursor::new(&stream)).compat();
            let mut reader = Lz4StreamBufReader::with_options(inner, &options).unwrap().compat();
            out.clear();
            loop {
                let page = reader.fill_buf().await.unwrap();
                if page.is_empty() {
                    break;
                }
                out.extend_from_slice(page);
                let n = page.len();
                reader.consume_unpin(n);
            }
            assert!(out == all);
        });
    }
}
