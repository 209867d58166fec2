//! Real loopback sockets: stalls, non-blocking reads and writes, messages in both directions.

mod common;

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use common::{Random, compress_all, pages, strict_content, text};
use lz4_stream::{CompressOptions, DecompressOptions, Lz4StreamBufReader, Lz4StreamReader, Lz4StreamWriter};
use socket2::SockRef;

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn a_stream_that_stalls_anywhere_is_read_without_blocking() {
    let all = text(1, 60_000);
    let stream = compress_all(&CompressOptions::new().page_size(1000).end_mark(true), &all);

    let (mut client, server) = pair();
    client.set_nodelay(true).unwrap();
    let sender = thread::spawn(move || {
        // Pieces that end inside prefixes and blocks, with pauses after some.
        for (i, piece) in pages(&stream, 700, Some(2)).into_iter().enumerate() {
            client.write_all(piece).unwrap();
            if i % 4 == 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
        client
    });

    server.set_nonblocking(true).unwrap();
    let mut reader = DecompressOptions::new().end_mark(true).reader(server).unwrap();
    let (mut out, mut buf, mut stalls) = (Vec::new(), [0; 300], 0);
    loop {
        match reader.read(&mut buf) {
            Ok(0) => break,
            Ok(n) => out.extend_from_slice(&buf[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                stalls += 1;
                thread::sleep(Duration::from_micros(100));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(out == all);
    assert!(stalls > 0, "nothing stalled, so the test proves nothing");
    drop(sender.join().unwrap());
}

#[test]
fn every_flush_is_a_message_that_arrives_at_once() {
    let (client, server) = pair();
    let echo = thread::spawn(move || -> io::Result<()> {
        let mut reader = Lz4StreamBufReader::new(BufReader::new(server.try_clone()?));
        let mut writer = Lz4StreamWriter::new(server);
        loop {
            // Here each message is one page, because it is small.
            let page = reader.fill_buf()?.to_vec();
            if page.is_empty() {
                writer.finish()?;
                return Ok(());
            }
            reader.consume(page.len());
            writer.write_all(&page)?;
            writer.flush()?;
        }
    });
    let mut reader = Lz4StreamReader::new(client.try_clone().unwrap());
    let mut writer = Lz4StreamWriter::new(client);
    let mut back = vec![0; 2000];
    for len in (1..2000).step_by(37) {
        let message = text(len as u64, len);
        writer.write_all(&message).unwrap();
        writer.flush().unwrap();
        reader.read_exact(&mut back[..len]).unwrap();
        assert!(back[..len] == message);
    }
    writer.finish().unwrap().shutdown(Shutdown::Write).unwrap();
    assert_eq!(reader.read(&mut back).unwrap(), 0);
    echo.join().unwrap().unwrap();
}

#[test]
fn a_socket_that_takes_little_at_a_time_is_written_without_blocking() {
    // Many times the size of the send buffer, in pages of several sizes.
    let all = Random::new(3).bytes(1_000_000);
    for page_size in [500, 65_536, 300_000] {
        let (client, server) = pair();
        SockRef::from(&client).set_send_buffer_size(4096).unwrap();
        client.set_nodelay(true).unwrap();
        client.set_nonblocking(true).unwrap();
        let receiver = thread::spawn(move || {
            let mut stream = Vec::new();
            let mut server = server;
            server.read_to_end(&mut stream).unwrap();
            stream
        });
        let options = CompressOptions::new().page_size(page_size).end_mark(true);
        let mut writer = options.writer(client).unwrap();
        let mut stalls = 0;
        let mut wait = |error: io::Error| {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            stalls += 1;
            thread::sleep(Duration::from_micros(50));
        };
        let mut rest = &all[..];
        while !rest.is_empty() {
            match writer.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) => wait(error),
            }
        }
        while let Err(error) = writer.flush() {
            wait(error);
        }
        while let Err(error) = writer.try_finish() {
            wait(error);
        }
        assert!(stalls > 0, "nothing stalled, so the test proves nothing");
        drop(writer);
        let stream = receiver.join().unwrap();
        assert!(strict_content(&options, &stream, &[]) == all);
    }
}
