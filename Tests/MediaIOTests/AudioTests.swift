import Foundation
import MediaIO
import Testing

@Suite struct Audio {
  static func tone(channels: Int = 2, frames: Int = 5000, rate: Int = 16000) -> AudioClip {
    var samples: [Float] = []
    for t in 0..<frames {
      let decay = exp(-Double(t) / 4000)
      for c in 1...channels {
        let phase = 2 * Double.pi * 440 * Double(t * c) / Double(rate)
        samples.append(Float(0.6 * sin(phase) * decay))
      }
    }
    return AudioClip(sampleRate: rate, channels: channels, samples: samples, comment: "seed 17, größe π")
  }

  @Test(arguments: [AudioEncoding.wav16, .wav24, .wavFloat, .flac16, .flac24], [1, 2, 6])
  func losslessEncodingsAreExact(_ encoding: AudioEncoding, _ channels: Int) throws {
    let clip = Self.tone(channels: channels)
    let data = try clip.encoded(as: encoding)
    let read = try AudioClip(decoding: data, name: "memory")
    #expect(read.sampleRate == 16000 && read.channels == channels && read.frameCount == 5000)
    #expect(read.comment == clip.comment)
    let scale: Float? =
      switch encoding {
      case .wav16, .flac16: 32768
      case .wav24, .flac24: 8_388_608
      default: nil
      }
    #expect(
      read.samples == clip.samples.map { sample in scale.map { (sample * $0).rounded() / $0 } ?? sample })
    #expect(try read.encoded(as: encoding) == data)
  }

  @Test(arguments: [AudioEncoding.wav16, .flac16])
  func everySixteenBitValueSurvives(_ encoding: AudioEncoding) throws {
    let samples = (-32768...32767).map { Float($0) / 32768 }
    let clip = AudioClip(sampleRate: 44100, channels: 1, samples: samples)
    #expect(try AudioClip(decoding: clip.encoded(as: encoding), name: "all") == clip)
  }

  @Test func loudSamplesSaturate() throws {
    let clip = AudioClip(sampleRate: 8000, channels: 1, samples: [1, -1, 3, -3, 1e30, -1e30, 0.25])
    for (encoding, scale) in [(AudioEncoding.wav16, Float(32768)), (.flac24, 8_388_608)] {
      let top = 1 - 1 / scale
      let read = try AudioClip(decoding: clip.encoded(as: encoding), name: "loud")
      #expect(read.samples == [top, -1, top, -1, top, -1, 0.25])
    }
    #expect(try AudioClip(decoding: clip.encoded(as: .wavFloat), name: "loud").samples == clip.samples)
  }

  @Test(arguments: [1, 2])
  func vorbisIsCloseAndRepeatable(_ channels: Int) throws {
    let clip = Self.tone(channels: channels, frames: 20_000, rate: 44100)
    let data = try clip.encoded(as: .oggVorbis)
    let read = try AudioClip(decoding: data, name: "tone.ogg")
    #expect(read.frameCount == clip.frameCount && read.comment == clip.comment)
    let error = zip(read.samples, clip.samples).map { Double(($0 - $1) * ($0 - $1)) }.reduce(0, +)
    let power = clip.samples.map { Double($0 * $0) }.reduce(0, +)
    #expect(10 * log10(power / error) > 20)
    // The serial number that encoders draw at random is fixed.
    #expect(try clip.encoded(as: .oggVorbis) == data)
  }

  @Test func longCommentsSurvive() throws {
    var clip = Self.tone(frames: 100)
    clip.comment = String(repeating: "{\"seed\":17} ", count: 300)
    for encoding in AudioEncoding.allCases {
      let read = try AudioClip(decoding: clip.encoded(as: encoding), name: "\(encoding)")
      #expect(read.comment == clip.comment, "\(encoding)")
    }
    clip.comment = nil
    for encoding in AudioEncoding.allCases {
      #expect(try AudioClip(decoding: clip.encoded(as: encoding), name: "\(encoding)").comment == nil)
    }
  }

  /// A LIST chunk of odd entries, where other programs put it.
  @Test func commentsOfOthersAreRead() throws {
    let clip = AudioClip(sampleRate: 8000, channels: 1, samples: [0, 0.5, 0.25])
    var data = try clip.encoded(as: .wav24)
    let list =
      Data("LIST".utf8) + [22, 0, 0, 0] + Data("INFOICMT".utf8) + [9, 0, 0, 0] + Data("abc defg\0\0".utf8)
    // Between fmt and data.
    data.insert(contentsOf: list, at: try #require(data.range(of: Data("data".utf8))).lowerBound)
    let read = try AudioClip(decoding: data, name: "list.wav")
    #expect(read.comment == "abc defg" && read.samples == clip.samples)
  }

  @Test func extensionsChooseTheEncoding() throws {
    try withFolder { folder in
      let clip = Self.tone()
      for (name, start) in [("a.wav", "RIFF"), ("a.FLAC", "fLaC"), ("a.ogg", "OggS")] {
        let url = folder.appending(path: name)
        try clip.write(to: url)
        #expect(try Data(contentsOf: url).prefix(4) == Data(start.utf8))
        #expect(try AudioClip(contentsOf: url).frameCount == clip.frameCount)
      }
      refusal("a.mp5", ".wav, .flac or .ogg") { try clip.write(to: folder.appending(path: "a.mp5")) }
      #expect(try names(in: folder) == ["a.FLAC", "a.ogg", "a.wav"])
    }
  }

  @Test func samplesThatAreNoNumbersAreRefused() throws {
    for bad in [Float.nan, .infinity, -.infinity] {
      let clip = AudioClip(sampleRate: 8000, channels: 1, samples: [0, 0.5, bad, 1])
      for encoding in AudioEncoding.allCases { refusal("sample 2") { try clip.encoded(as: encoding) } }
      // A float file with such a sample, its bytes put in by hand.
      let sound = AudioClip(sampleRate: 8000, channels: 1, samples: [0, 0.5, 0.25, 1])
      var data = try sound.encoded(as: .wavFloat)
      let place = try #require(data.range(of: Data([0, 0, 0x80, 0x3E])))
      data.replaceSubrange(place, with: withUnsafeBytes(of: bad.bitPattern.littleEndian) { Data($0) })
      refusal("bad.wav", "sample 2") { try AudioClip(decoding: data, name: "bad.wav") }
    }
  }

  @Test func emptyAndUnfitClipsAreRefused() {
    let empty = AudioClip(sampleRate: 8000, channels: 1, samples: [])
    for encoding in AudioEncoding.allCases { refusal("empty") { try empty.encoded(as: encoding) } }
    let many = AudioClip(sampleRate: 8000, channels: 9, samples: [Float](repeating: 0, count: 9))
    refusal("9 channels at 8000 Hz") { try many.encoded(as: .flac16) }
    let nul = AudioClip(sampleRate: 8000, channels: 1, samples: [0], comment: "a\0b")
    refusal("NUL") { try nul.encoded(as: .wav16) }
  }

  @Test(arguments: AudioEncoding.allCases)
  func damagedFilesAreRefused(_ encoding: AudioEncoding) throws {
    let clip = Self.tone(frames: 20_000, rate: 44100)
    let data = try clip.encoded(as: encoding)
    refusal("half") { try AudioClip(decoding: data.prefix(3), name: "half") }
    refusal("no.txt", "not a known audio format") {
      try AudioClip(decoding: Data("text, which is no sound".utf8), name: "no.txt")
    }
    refusal("half") { try AudioClip(decoding: data.prefix(data.count / 2), name: "half") }
    var numbers = TestNumbers(11)
    for _ in 0..<40 {
      var damaged = data
      damaged[Int.random(in: 0..<200, using: &numbers)] = .random(in: 0...255, using: &numbers)
      do { _ = try AudioClip(decoding: damaged, name: "damaged") } catch { #expect(error is MediaError) }
    }
  }

  @Test func oggFileOfManyPagesMustBeWhole() throws {
    var numbers = TestNumbers(2)
    let samples = (0..<100_000).map { _ in Float.random(in: -0.5...0.5, using: &numbers) }
    let data = try AudioClip(sampleRate: 44100, channels: 1, samples: samples).encoded(as: .oggVorbis)
    #expect(data.count > 30_000)
    for length in stride(from: 10_000, to: data.count, by: 1_111) {
      refusal("cut.ogg", "cut short") { try AudioClip(decoding: data.prefix(length), name: "cut.ogg") }
    }
  }

  @Test func emptyFilesAreRefused() throws {
    let header: [UInt8] = [
      0x52, 0x49, 0x46, 0x46, 36, 0, 0, 0, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6D, 0x74, 0x20, 16, 0, 0, 0, 1, 0,
      1, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0, 0x64, 0x61, 0x74, 0x61, 0, 0, 0, 0,
    ]
    refusal("empty") { try AudioClip(decoding: Data(header), name: "silence.wav") }
    refusal("x.wav") { try AudioClip(decoding: Data(), name: "x.wav") }
  }
}
