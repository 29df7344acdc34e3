import Foundation
import MediaTensors
import Testing
import Torch

struct SpectrogramTests {
  private func tone(_ frequency: Double, _ count: Int = 4000) -> [Float] {
    (0..<count).map { Float(0.5 * sin(2 * Double.pi * frequency * Double($0) / 8000)) }
  }

  /// A tone of the frequency of row k is loudest there in every whole frame, and far weaker elsewhere.
  @Test func aToneIsALine() throws {
    let picture = try Spectrogram(sampleRate: 8000, window: 256, hop: 64)(tone(1000))
    #expect(picture.shape == [129, 63])
    let loudest = try picture.argmax(0).elements(Int64.self)
    #expect(loudest[4..<59].allSatisfy { $0 == 32 })
    let middle = try picture.select(1, 30).floats()
    #expect(middle[32] > 0.99 && middle[40] < 0.3 && middle[100] < 0.1)
    #expect(middle.allSatisfy { (0...1).contains($0) })
  }

  /// Decibels are of power: a tenth of the amplitude is 20 dB less.
  @Test func decibels() throws {
    let samples = tone(1000) + tone(1000).map { $0 / 10 }
    let row = try Spectrogram(sampleRate: 8000, window: 256, hop: 64)(samples).select(0, 32).floats()
    #expect(abs(Double(row[20] - row[100]) * Spectrogram.range - 20) < 0.1)
  }

  /// Bands are spaced by the mel scale: 1000 Hz is mel 1000, of 2146 up to 4000 Hz.
  @Test func melBands() throws {
    let picture = try Spectrogram(sampleRate: 8000, window: 256, hop: 64, bands: 30)(tone(1000))
    #expect(picture.shape == [30, 63])
    let loudest = try picture.select(1, 30).argmax(0).elements(Int64.self)[0]
    #expect(abs(Double(loudest + 1) - 1000 / 2146 * 31) < 1)
  }

  @Test func theShortestSound() throws {
    #expect(try Spectrogram(sampleRate: 8000, window: 256, hop: 64)([0.5]).shape == [129, 1])
    #expect(try Spectrogram(sampleRate: 8000, window: 256, hop: 64)([0]).isFinite())
  }
}
