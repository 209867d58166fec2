//! Compressed requests and responses over a TCP connection. Each `flush` ends a message.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use lz4_stream::{CompressOptions, DecompressOptions, Lz4StreamReader, Lz4StreamWriter};

const REQUESTS: usize = 200;

type Receiver = Lz4StreamReader<BufReader<TcpStream>>;
type Sender = Lz4StreamWriter<TcpStream>;

/// One stream per direction. With the end mark, each end can tell a peer that finished from one that broke off.
fn wrap(socket: TcpStream) -> io::Result<(Receiver, Sender)> {
    socket.set_nodelay(true)?;
    let input = BufReader::new(socket.try_clone()?);
    let receiver = DecompressOptions::new().end_mark(true).reader(input)?;
    let sender = CompressOptions::new().end_mark(true).writer(socket)?;
    Ok((receiver, sender))
}

/// Answers requests until the client is done.
fn serve(socket: TcpStream) -> io::Result<()> {
    let (mut receiver, mut sender) = wrap(socket)?;
    let mut request = String::new();
    while receiver.read_line(&mut request)? > 0 {
        let user = request.trim_end().strip_prefix("GET /users/").unwrap_or("nobody");
        writeln!(sender, "{}", response(user))?;
        sender.flush()?; // one block, sent immediately
        request.clear();
    }
    sender.finish()?;
    Ok(())
}

fn response(user: &str) -> String {
    format!(r#"{{"status":"ok","user":{{"name":"user number {user}","mail":"{user}@example.com","active":true}}}}"#)
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || serve(listener.accept()?.0));

    let (mut receiver, mut sender) = wrap(TcpStream::connect(address)?)?;
    let mut line = String::new();
    for user in 0..REQUESTS {
        writeln!(sender, "GET /users/{user}")?;
        sender.flush()?;
        line.clear();
        receiver.read_line(&mut line)?;
        assert_eq!(line.trim_end(), response(&user.to_string()));
    }
    sender.finish()?;
    line.clear();
    assert_eq!(receiver.read_line(&mut line)?, 0, "the server ends its stream too");
    server.join().expect("the server does not panic")?;

    assert_eq!(receiver.blocks(), REQUESTS as u64, "one block for each response");
    println!(
        "{REQUESTS} responses, {} bytes, came as {} bytes",
        receiver.total_out(),
        receiver.total_in()
    );
    assert!(receiver.total_in() < receiver.total_out() / 2);
    Ok(())
}
