import Conditioners
import Families
import Foundation
import StepInference
import TestSupport
import Testing
import Torch
import TorchNN

/// Text as bytes: its exact density, and windows that slide over a text of any length.
struct ByteFamilyTests {
  private static let length = 16
  private let network: CausalTransformer
  private let steps: CausalTransformerSteps
  private let text = Array("In the beginning God created the heaven and the earth. And the earth".utf8)
  private let style: [Float] = [0, 1]

  init() throws {
    network = try CausalTransformer(
      .init(
        vocabulary: ByteFamily.tokens, outputs: ByteFamily.bytes, condition: 2, length: Self.length,
        width: 32,
        layers: 2, heads: 2, hidden: 32))
    for (index, parameter) in network.trainableParameters.enumerated() {
      parameter.value = try Tensor.noise(parameter.value.shape, seed: UInt64(index)) * 0.2
    }
    steps = try CausalTransformerSteps(network)
  }

  private var family: ByteFamily {
    ByteFamily(
      backbone: { [network] in try network($0, global: $1) },
      states: { [network] in try network.states($0, global: $1) })
  }

  private func row(_ start: ByteFamily.Start, _ bytes: some Collection<UInt8>) throws -> Tensor {
    try Tensor([Int64(start.rawValue)] + bytes.map(Int64.init), shape: [1, bytes.count + 1])
  }

  private func given() throws -> Conditioning { try Conditioning(global: Tensor(style, shape: [1, 2])) }

  private func logDensity(_ start: ByteFamily.Start, _ bytes: some Collection<UInt8>) throws -> Double {
    try family.logDensity(
      row(start, bytes), known: nil, given: given(), noise: BatchNoise(seed: 0, first: 0, count: 1)
    ).values.elements(Double.self)[0]
  }

  /// Over all texts of one byte, and over all second bytes.
  @Test func addsUpToOne() throws {
    let first = try (0..<256).map { try logDensity(.text, [UInt8($0)]) }
    #expect(abs(first.logSumExp) < 1e-5)
    let second = try (0..<256).map { try logDensity(.text, [65, UInt8($0)]) }
    #expect(abs(second.logSumExp - first[65]) < 1e-5)
  }

  @Test func theLossIsBitsAByte() throws {
    let noise = BatchNoise(seed: 0, first: 0, count: 1)
    let loss = try family.loss(row(.text, text[..<16]), given: given(), noise: noise).scalar()
    #expect(abs(loss + (try logDensity(.text, text[..<16])) / 16 / log(2)) < 1e-5)
    let state = try family.embed(row(.text, text[..<15]), given: given())
    #expect(state.shape == [1, 32])
  }

  /// A window of a text is P(byte | bytes in sight) as the family has it: the first window's sixteen, then eight and more
  /// before each, which come after a start of their own.
  @Test func aSlidingWindowIsWhatItSays() throws {
    let logs = ByteWindow(steps, global: style).read(text)
    #expect(logs.count == text.count)
    var expected: [Double] = []
    for place in text.indices {
      let (start, first): (ByteFamily.Start, Int) =
        place < 16 ? (.text, 0) : (.middle, ((place - 16) / 7 + 1) * 7)
      expected.append(
        try logDensity(start, text[first...place])
          - (place > first ? logDensity(start, text[first..<place]) : 0))
    }
    for (place, (a, b)) in zip(logs, expected).enumerated() { #expect(abs(a - b) < 2e-4, "\(place)") }
  }

  /// What is known of a place does not depend on how it was come to.
  @Test func placesAreTheSameByAnyWay() throws {
    let whole = ByteWindow(steps, global: style).read(text)
    for place in [0, 1, 15, 16, 17, 22, 23, 24, 30, 60, 67] {
      let window = ByteWindow(steps, global: style, at: place, of: text)
      #expect(window.read(text[place...]) == Array(whole[place...]), "\(place)")
      let slow = ByteWindow(steps, global: style)
      for byte in text[..<place] { slow.skip([byte]) }
      #expect(Double(slow.next[Int(text[place])]) == whole[place])
    }
    let window = ByteWindow(steps, global: style)
    window.skip(text[..<5])
    let mark = window.mark
    window.skip(text[20..<25])
    window.rewind(to: mark)
    #expect(window.read(text[5...]) == Array(whole[5...]))
    let states = { () -> Int in
      var count = 0
      ByteWindow(steps, global: style).states(text) { state in count += state.count == 32 ? 1 : 0 }
      return count
    }
    #expect(states() == text.count)
  }
}
