import Foundation
import Testing

@testable import MediaIO

struct AudioWriterTests {
  /// A pipe: what has gone out cannot be changed.
  private final class PipeSink: AudioSink {
    var data = Data()
    var isReplaced = false
    func append(_ data: Data) { self.data += data }
    func replace(at offset: Int, with data: Data) { isReplaced = true }
  }

  private func sound(_ count: Int) -> [Float] { (0..<count).map { Float(sin(Double($0) / 9)) * 0.7 } }

  private func write(_ samples: [Float], _ encoding: AudioEncoding, to sink: any AudioSink, block: Int) throws
  {
    let writer = try AudioWriter(
      encoding, sampleRate: 8000, channels: 1, frames: samples.count, comment: "a comment", to: sink)
    for start in stride(from: 0, to: samples.count, by: block) {
      try writer.write(Array(samples[start..<min(samples.count, start + block)]))
    }
    try writer.finish()
  }

  /// The blocks in which sound comes change nothing, and neither does where it goes, for formats with a known header.
  @Test(arguments: AudioEncoding.allCases) func blocksMakeTheSameFile(_ encoding: AudioEncoding) throws {
    let samples = sound(20_011)
    let clip = AudioClip(sampleRate: 8000, channels: 1, samples: samples, comment: "a comment")
    let whole = try clip.encoded(as: encoding)
    let memory = MemorySink()
    try write(samples, encoding, to: memory, block: 4096)
    #expect(memory.data == whole)
    try withFolder { folder in
      let url = folder.appendingPathComponent("sound")
      let file = try AtomicFile(url)
      try write(samples, encoding, to: file, block: 4096)
      try file.commit()
      #expect(try Data(contentsOf: url) == whole)
    }
    let pipe = PipeSink()
    try write(samples, encoding, to: pipe, block: 4096)
    if encoding != .flac16 && encoding != .flac24 { #expect(pipe.data == whole && !pipe.isReplaced) }
    let read = try AudioClip(decoding: pipe.data, name: "pipe")
    #expect(read.samples == (try AudioClip(decoding: whole, name: "file")).samples)
    #expect(read.frameCount == samples.count && read.comment == "a comment")
  }

  @Test(arguments: [AudioEncoding.wav16, .flac16, .oggVorbis]) func handsOnWhatIsThere(
    _ encoding: AudioEncoding
  )
    throws
  {
    let pipe = PipeSink()
    let writer = try AudioWriter(
      encoding, sampleRate: 8000, channels: 1, frames: 800_000, comment: nil, to: pipe)
    try writer.write(sound(400_000))
    #expect(pipe.data.count > 20_000)
  }

  @Test func lengthsHaveToBeKept() throws {
    let sink = MemorySink()
    let writer = try AudioWriter(.wav16, sampleRate: 8000, channels: 1, frames: 10, comment: nil, to: sink)
    try writer.write(sound(9))
    #expect(throws: MediaError.self) { try writer.finish() }
    #expect(throws: MediaError.self) { try writer.write(sound(2)) }
    #expect(throws: MediaError.self) {
      try AudioWriter(.wav16, sampleRate: 8000, channels: 1, frames: 0, comment: nil, to: sink)
    }
    #expect(throws: MediaError.self) {
      try AudioWriter(.wav16, sampleRate: 8000, channels: 1, frames: 1 << 31, comment: nil, to: sink)
    }
    let other = try AudioWriter(.flac16, sampleRate: 8000, channels: 1, frames: 2, comment: nil, to: sink)
    let error = try #require(throws: MediaError.self) { try other.write([0, .nan]) }
    #expect(error.description.contains("sample 1"))
  }
}
