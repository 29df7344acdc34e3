import Testing

@testable import SuperResolutionTask

/// The grid of tiles along one axis.
struct SpanTests {
  @Test(arguments: [1, 7, 16, 64, 192], [0, 1, 5, 18, 66])
  func coverOnceWithEnoughMargin(_ side: Int, _ margin: Int) {
    var wrong: [Int] = []
    for count in 1...500 {
      let spans = Span.cover(count, side: side, margin: margin)
      let positions = spans.flatMap { $0.start..<$0.start + $0.length }
      let isCovered = positions == Array(0..<count)
      let isRead = spans.allSatisfy { span in
        span.length > 0 && span.length <= side
          && span.readStart >= 0 && span.readStart + span.readLength <= count
          && span.readStart <= max(0, span.start - margin)
          && span.readStart + span.readLength >= min(count, span.start + span.length + margin)
      }
      let isUniform = Set(spans.map(\.readLength)).count == 1
      if !isCovered || !isRead || !isUniform { wrong.append(count) }
    }
    #expect(wrong == [])
  }

  @Test func smallPicturesAreOneTile() {
    #expect(
      Span.cover(192, side: 192, margin: 66) == [Span(start: 0, length: 192, readStart: 0, readLength: 192)])
    #expect(Span.cover(193, side: 192, margin: 10).map(\.length) == [97, 96])
  }

  /// About equal lengths: no thin rest that costs as much as a whole tile.
  @Test func lengthsAreAboutEqual() {
    for count in 1...500 {
      let lengths = Span.cover(count, side: 64, margin: 3).map(\.length)
      #expect(lengths.count == (count + 63) / 64)
      #expect(lengths.max()! - lengths.min()! < lengths.count)
    }
  }
}
