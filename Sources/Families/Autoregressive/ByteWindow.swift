internal import Foundation
public import StepInference
internal import Torch
internal import TorchNN

/// Reads a text of any length byte after byte, and says at each place what comes next: P(byte | bytes before it in sight, y).
///
/// In sight are the bytes since the window's start. It begins with the text; when it is full, it begins anew with its own
/// later half, so that but for the first half every byte is told by at least half a window before it. What a byte's
/// probability depends on is so a function of its place in the text alone, and not of how the text was read: what is drawn
/// has, when it is scored, the probability that it was drawn with.
public final class ByteWindow {
  private let stepper: CausalTransformerStepper
  /// Bytes in sight.
  private var bytes: [UInt8] = []
  private let length: Int
  private var known: [Float]?

  public init(_ steps: CausalTransformerSteps, global: [Float], instructions: StepInstructions = .best) {
    stepper = CausalTransformerStepper(steps, global: global, instructions: instructions)
    length = steps.configuration.length
    stepper.read([ByteFamily.Start.text.rawValue])
  }

  /// Where reading the first `place` bytes of a text leads to, without reading them all.
  public convenience init(
    _ steps: CausalTransformerSteps, global: [Float], at place: Int, of text: [UInt8],
    instructions: StepInstructions = .best
  ) {
    self.init(steps, global: global, instructions: instructions)
    guard place >= length else {
      skip(text[..<place])
      return
    }
    // Each window but the first begins so far behind the one before.
    let hop = length - 1 - length / 2
    let window = (place - length) / hop + 1
    begin(with: text[window * hop..<place])
  }

  /// Behind bytes that are all in sight.
  /// - Parameter isWhole: whether they are a text from its beginning.
  /// - Precondition: they are fewer than a window has.
  public convenience init(
    _ steps: CausalTransformerSteps, global: [Float], seeing bytes: ArraySlice<UInt8>, isWhole: Bool,
    instructions: StepInstructions = .best
  ) {
    self.init(steps, global: global, instructions: instructions)
    precondition(bytes.count < length, "\(bytes.count) bytes")
    if isWhole { skip(bytes) } else { begin(with: bytes) }
  }

  /// log P of each byte that may come next, in nats.
  public var next: [Float] {
    if let known { return known }
    let found = Self.logSoftmax(stepper.scores()[0])
    known = found
    return found
  }

  /// Goes on by bytes that are known already.
  /// - Returns: log P of each, in nats.
  @discardableResult
  public func read(_ text: some Collection<UInt8>) -> [Double] {
    var logs: [Double] = []
    logs.reserveCapacity(text.count)
    take(text, before: { logs.append(Double(next[Int($0)])) }) { piece in
      let scores = stepper.scores(last: piece.count)
      for (row, byte) in piece.dropFirst().enumerated() {
        logs.append(Double(Self.logSoftmax(scores[row])[Int(byte)]))
      }
    }
    return logs
  }

  /// As `read`, of bytes of which nothing but what follows is wanted.
  public func skip(_ text: some Collection<UInt8>) { take(text) { _ in } }

  /// As `skip`, and hands over what the scores are made of, of each byte with all before it.
  public func states(_ text: some Collection<UInt8>, _ body: ([Float]) -> Void) {
    take(text) { _ in stepper.states().forEach(body) }
  }

  /// Takes in bytes, as many at a time as there is room for.
  /// - Parameters:
  ///   - before: is given the first byte of each piece, while what is in sight is still what it follows.
  ///   - after: is given each piece, which has been read.
  private func take(
    _ text: some Collection<UInt8>, before: (UInt8) -> Void = { _ in }, after: (ArraySlice<UInt8>) -> Void
  ) {
    var rest = ArraySlice(Array(text))
    while let first = rest.first {
      before(first)
      makeRoom()
      let piece = rest.prefix(min(stepper.room, CausalTransformerStepper.mostAtOnce))
      stepper.read(piece.map(Int.init))
      bytes += piece
      known = nil
      after(piece)
      rest = rest.dropFirst(piece.count)
    }
  }

  /// Begins anew with the later half of a full window.
  private func makeRoom() {
    guard stepper.room == 0 else { return }
    begin(with: bytes.suffix(length / 2))
  }

  private func begin(with kept: ArraySlice<UInt8>) {
    stepper.restart()
    bytes = []
    stepper.read([ByteFamily.Start.middle.rawValue])
    skip(kept)
  }

  /// A place that can be gone back to.
  public struct Mark {
    let stepper: CausalTransformerStepper.Mark
    let known: [Float]?
    let bytes: Int
  }

  public var mark: Mark { Mark(stepper: stepper.mark, known: known, bytes: bytes.count) }

  /// - Precondition: since `mark` the window has not begun anew.
  public func rewind(to mark: Mark) {
    precondition(mark.bytes <= bytes.count, "the window has begun anew")
    stepper.rewind(to: mark.stepper)
    bytes.removeSubrange(mark.bytes...)
    known = mark.known
  }

  static func logSoftmax(_ scores: UnsafeBufferPointer<Float>) -> [Float] {
    let most = scores.max() ?? 0
    let total = scores.reduce(Float(0)) { $0 + exp($1 - most) }
    let shift = most + log(total)
    return scores.map { $0 - shift }
  }
}
