import Foundation
import Testing

@testable import MediaIO

/// Sound that is read block after block.
struct AudioReaderTests {
  private let clip = AudioClip(
    sampleRate: 16_000, channels: 2, samples: (0..<70_000).map { Float(sin(Double($0) / 7)) * 0.6 },
    comment: String(repeating: "a long comment, ", count: 300))

  @Test(arguments: AudioEncoding.allCases) func blocksAreTheWhole(_ encoding: AudioEncoding) throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("sound")
      let data = try clip.encoded(as: encoding)
      try data.write(to: file)
      let whole = try AudioClip(decoding: data, name: "whole")
      for reader in [try AudioReader(contentsOf: file), try AudioReader(decoding: data, name: "memory")] {
        #expect(reader.sampleRate == 16_000 && reader.channels == 2 && reader.frames == 35_000)
        #expect(reader.comment == clip.comment)
        var (samples, most): ([Float], Int) = ([], 0)
        while case let block = try reader.read(1000), !block.isEmpty {
          samples += block
          most = max(most, block.count)
        }
        #expect(samples == whole.samples && most == 2000)
        #expect(try reader.read().isEmpty)
        let bits: Int? =
          switch encoding {
          case .wav24, .flac24: 24
          case .wavFloat: nil
          case .wav16, .flac16, .oggVorbis: 16
          }
        #expect(reader.bitDepth == bits)
      }
    }
  }

  @Test func whatIsNoWholeSoundIsRefused() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("sound.wav")
      let whole = try clip.encoded(as: .wav16)
      for (data, words) in [
        (whole.prefix(2000), "cut short"), (Data("RIFF".utf8), "known"), (Data(), "empty"),
      ] {
        try data.write(to: file)
        refusal("sound.wav", words) { try AudioReader(contentsOf: file) }
      }
      refusal("directory") { try AudioReader(contentsOf: folder) }
      refusal("no such file") { try AudioReader(contentsOf: folder.appendingPathComponent("none")) }
      // A file of nothing but empty chunks.
      var chunks = Data("RIFF".utf8) + Data(count: 4) + Data("WAVE".utf8)
      for _ in 0..<50_000 { chunks += Data("none".utf8) + Data(count: 4) }
      try chunks.write(to: file)
      refusal("sound.wav") { try AudioReader(contentsOf: file) }
    }
  }

  @Test func samplesKeepTheirBits() throws {
    for (name, bits, encoding) in [
      ("a.wav", 16, .wav16), ("a.wav", 24, .wav24), ("a.wav", nil, .wavFloat), ("a.flac", 16, .flac16),
      ("a.flac", 24, .flac24), ("a.flac", nil, .flac24), ("a.ogg", 24, .oggVorbis),
    ] as [(String, Int?, AudioEncoding)] {
      #expect(try AudioEncoding(for: URL(fileURLWithPath: name), bitDepth: bits) == encoding)
    }
  }

  /// Only FLAC shows that it went through a pipe, by the MD5 that it lacks.
  @Test(arguments: AudioEncoding.allCases) func pipesAreKnown(_ encoding: AudioEncoding) throws {
    try withFolder { folder in
      let (file, pipe) = (folder.appendingPathComponent("file"), folder.appendingPathComponent("pipe"))
      let data = try clip.encoded(as: encoding)
      try data.write(to: file)
      let memory = MemorySink()
      let sink = AppendingSink(memory)
      let writer = try AudioWriter(
        encoding, sampleRate: 16_000, channels: 2, frames: clip.frameCount, comment: clip.comment, to: sink)
      try writer.write(clip.samples)
      try writer.finish()
      try memory.data.write(to: pipe)
      let isFLAC = encoding == .flac16 || encoding == .flac24
      #expect(AudioWriter.isFLACOfPipe(pipe) == isFLAC && !AudioWriter.isFLACOfPipe(file))
      #expect((memory.data == data) == !isFLAC)
    }
  }
}
